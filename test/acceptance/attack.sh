# What an image under test may try while it is tested. Each attempt says what came of it.
try() {
  name=$1
  shift
  if got=$("$@" 2>/dev/null) && [ -n "$got" ]; then
    echo "GOT $name: $(echo "$got" | head -n 1)"
  else
    echo "NOTHING $name"
  fi
}

for address in $ADDRESSES; do
  host=${address%:*} port=${address#*:}
  try "the network at $address" sh -c 'printf "GET /v2/ HTTP/1.0\r\n\r\n" | busybox nc "$0" "$1"' "$host" "$port"
done
try "the credentials of a registry" cat "$HOME/.docker/config.json"
try "credentials in files" find /root /home /workspace /acb /kaniko -path '*.docker/config.json'
try "credentials in the environment" sh -c 'env | grep -E "^[A-Z_]*(PASSWORD|SECRET|TOKEN|CREDENTIAL|IDENTITY|DOCKER_)[A-Z_]*="'
try "the runtime's socket" find /var/run /run -name '*.sock'
try "a file of the machine" cat "$PLANTED_FILE"
try "a file of the machine by its first process" cat "/proc/1/root$PLANTED_FILE"
try "processes of the machine" sh -c 'cat /proc/[0-9]*/cmdline | tr "\0" " " | grep -E "[d]ocker-registry|[a]zurite|[b]uildah"'
try "a disk of the machine" sh -c 'mknod /tmp/disk b 8 0 && head -c 1 /tmp/disk | od'
