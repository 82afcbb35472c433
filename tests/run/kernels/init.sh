#!/usr/bin/busybox sh
# What the kernel of a virtual machine starts: it runs /plan.sh and turns the machine off. Its output goes through the
# serial console, every line of a test behind "| ", every result in one line that begins with "@pidfd".
export PATH=/usr/bin:/bin HOME=/root TMPDIR=/tmp NO_COLOR=1 DENO_NO_UPDATE_CHECK=1
busybox mount -t proc proc /proc
busybox --install -s /usr/bin
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
ip link set lo up
cd /pidfd

# running: what is left of a file of tests that took too long, and what the kernel waits for in each.
running() {
  for process in /proc/[0-9]*; do
    command=$(tr '\0' ' ' < "$process/cmdline")
    [ -z "$command" ] || echo "$(cut -d ' ' -f 1-4 "$process/stat") $(cat "$process/wchan") $command"
  done
}

# result RUNTIME FILE SECONDS COMMAND...: runs a file of tests, and says how it ended.
result() {
  runtime=$1 file=$2 limit=$3
  shift 3
  read -r started _ < /proc/uptime
  timeout -s KILL "$limit" "$@" > /tmp/output 2>&1 < /dev/null
  code=$?
  [ $code != 137 ] || running >> /tmp/output
  read -r ended _ < /proc/uptime
  sed 's/^/| /' /tmp/output
  echo
  echo "@pidfd result|$runtime|$file|$code|$started|$ended"
}

echo
echo "@pidfd start|$(uname -r)|$(uname -m)"
. /plan.sh
echo
echo "@pidfd end"
sync
poweroff -f
