import { AUTHORITY, REVOCATIONS } from "./certificates.fixture.ts";

export const HEAD = { apiVersion: "socle/v1", kind: "MachineConfiguration" };

/** Every key there is, once. */
export const WHOLE_DOCUMENT = {
  ...HEAD,
  hostname: "edge-01",
  network: {
    interfaces: [
      {
        match: { name: "enp1s0" },
        addresses: ["192.0.2.10/24", "2001:db8::10/64"],
        gateway: "192.0.2.1",
        dns: ["192.0.2.53"],
        domains: ["example.org"],
        mtu: 9000,
        routes: [
          { to: "10.0.0.0/8", via: "192.0.2.254", metric: 100 },
          { to: "::/0", via: "fe80::1" },
        ],
      },
      { match: { macAddress: "52:54:00:12:34:56" }, dhcp: false },
      { match: { name: "en*" }, dhcp: true },
    ],
    bonds: [
      {
        name: "bond0",
        members: ["enp2s0", "52:54:00:aa:bb:cc"],
        mode: "802.3ad",
        lacpRate: "fast",
        hashPolicy: "layer3+4",
        addresses: ["198.51.100.7/24"],
      },
    ],
    vlans: [
      { name: "lan.20", id: 20, on: "enp1s0", addresses: ["203.0.113.5/24"], mtu: 1500 },
      { name: "bond0.30", id: 30, on: "bond0" },
      { name: "spare.40", id: 40, on: "52:54:00:12:34:56", dhcp: false },
    ],
    dns: ["2001:db8::53"],
    domains: ["corp.example.org"],
    proxy: {
      http: "http://user:pass%40word@proxy.example.org:3128",
      https: "http://proxy.example.org:3128",
      noProxy: ["localhost", ".example.org", "10.0.0.0/8"],
    },
  },
  time: { servers: ["time.example.org", "192.0.2.123"], zone: "Europe/Paris" },
  trust: { authorities: [AUTHORITY] },
  access: { authorities: [AUTHORITY], revocations: REVOCATIONS },
  update: {
    repository: "https://updates.example.org/",
    channel: "stable",
    mode: "automatic",
    window: { days: ["sat"], start: "02:00", duration: "2h", timeZone: "Europe/Paris" },
    spread: "30min",
    minimumAge: "2d",
    pin: "1.4.2",
    hold: { reason: "trade fair" },
  },
  sysctls: { "vm.swappiness": 10, "net.ipv4.tcp_rmem": "4096 87380 6291456" },
  mounts: [
    { path: "/var/lib/data", label: "data", fileSystem: "ext4" },
    { path: "/srv", uuid: "0a1b2c3d-1111-2222-3333-444455556666", readOnly: true },
  ],
  folders: [
    { path: "/var/lib/data/web", owner: "www-data:www-data", mode: "0750" },
    { path: "/var/lib/app" },
  ],
  logs: { forward: { url: "https://logs.example.org:19532" } },
};
