#!/bin/sh
# One call of a Socle machine with curl; prints the answer as JSON. An answer in one piece only: streams are in machine.py.
#
#   call.sh FOLDER HOST[:PORT] SERVICE/METHOD [REQUEST]
#   call.sh ~/edge-01 10.0.0.7 MachineService/GetStatus
#   call.sh ~/edge-01 10.0.0.7 UpdateService/SetHold '{"reason": "the shop is open"}'
#
# FOLDER has what `socle access grant alice --role reader` gave alice, and the key by which the machine is known:
#
#   umask 077
#   jq -r .certificate alice.access.json > client.pem
#   jq -r .key alice.access.json > client.key
#   openssl s_client -connect 10.0.0.7:7443 < /dev/null 2> /dev/null | openssl x509 > machine.pem
#   openssl x509 -in machine.pem -noout -fingerprint -sha256    # compare with the machine's console
#   openssl x509 -in machine.pem -noout -pubkey > machine.pub
#
# Ends with 22 when the machine refuses; the refusal is printed. https://connectrpc.com/docs/protocol
set -eu
folder=$1 address=$2 method=$3 request=${4:-{\}}
case $address in *:*) ;; *) address=$address:7443 ;; esac

# --insecure: names and dates in the machine's certificate do not matter. Its key does: with another one, curl ends with 90
# before it has sent anything.
exec curl --silent --show-error --fail-with-body --max-time 150 --tlsv1.3 \
  --insecure --pinnedpubkey "$folder/machine.pub" \
  --cert "$folder/client.pem" --key "$folder/client.key" \
  --header 'content-type: application/json' --data "$request" \
  "https://$address/socle.v1.$method"
