#!/bin/bash
# Runs as a unit of a freshly booted Debian: the packages' life, as an administrator lives it. Prints "ok: …" for everything that holds; the test counts them.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
exec 9> /trace; BASH_XTRACEFD=9; set -x
trap '[ $? = 0 ] || { tail -5 /trace; journalctl --no-pager -u edge-agent -u edge-trainer | tail -40; }' EXIT
ok() { echo "ok: $*"; }
refuse() { if "$@"; then echo "should have failed: $*"; false; fi; }
within() { sleep 0.2; [ "$SECONDS" -lt 120 ] || { echo "never came: $*"; cat /var/lib/edge-trainer/trainer/runs/*/*.log 2> /dev/null; return 1; }; }   # a loop's body ends the script
verdicts() { exec 3<> "/dev/tcp/127.0.0.1/$PORT"; printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3; sed -n 's/^edge_verdicts_total{.*} //p' <&3 | awk '{ n += $1 } END { print n + 0 }'; }
runs() { SECONDS=0; until exec 3<> "/dev/tcp/127.0.0.1/$PORT" && printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3 && grep -q "^edge_model_version{.*} $1\$" <&3; do within "$1"; done; }
inspects() { SECONDS=0; until [ "$(verdicts 2> /dev/null || echo 0)" -gt 5 ]; do within "a verdict"; done; }

apt-get update -qq
apt-get install -qq -y --no-install-recommends /packages/edge-agent_0_amd64.deb > /install.log 2>&1 || { tail -20 /install.log; false; }
systemctl is-enabled --quiet edge-agent && refuse systemctl is-active --quiet edge-agent
grep -q "describe the line in /etc/edge/appsettings.json" /install.log
edge-agent --help > /dev/null
ok installed

cp /packages/appsettings.json /etc/edge/
mkdir -p /var/lib/edge
cp -r /packages/models /var/lib/edge/
systemctl start edge-agent
inspects
[ "$(awk '/^Uid/ { print $2 }' "/proc/$(systemctl show -P MainPID edge-agent)/status")" -ge 61184 ]   # one of DynamicUser, as in versions of old
ok inspects as a user of its own

kill -9 "$(systemctl show -P MainPID edge-agent)"
until [ "$(systemctl show -P NRestarts edge-agent)" = 1 ] && systemctl is-active --quiet edge-agent; do sleep 0.1; done
inspects
ok starts again

journal=$(stat -Lc %i /var/lib/private/edge/journal.db)
apt-get install -qq -y --no-install-recommends /packages/edge-agent_1_amd64.deb > /upgrade.log 2>&1 || { tail -20 /upgrade.log; false; }
inspects
[ ! -L /var/lib/edge ] && [ ! -e /var/lib/private/edge ] && [ "$(stat -c %i /var/lib/edge/journal.db)" = "$journal" ]
[ "$(stat -c '%U:%G %a' /var/lib/edge)" = "edge:edge 750" ] && [ "$(stat -c '%U:%G %a' /var/lib/edge/models/flange)" = "edge:edge 2770" ]
[ "$(awk '/^Uid/ { print $2 }' "/proc/$(systemctl show -P MainPID edge-agent)/status")" = "$(id -u edge)" ]
[ -z "$(find /var/lib/edge ! -user edge)" ]
edge-agent journal verify --journal /var/lib/edge/journal.db > /verify.log
ok from a dynamic user to its own

echo "exposure: $(systemd-analyze security --no-pager edge-agent | tail -1)"
# What an attacker inside the process may not do.
pid=$(systemctl show -P MainPID edge-agent)
grep -q '^NoNewPrivs:[[:space:]]*1' "/proc/$pid/status" && grep -q '^CapEff:[[:space:]]*0000000000000000' "/proc/$pid/status" && grep -q '^Seccomp:[[:space:]]*2' "/proc/$pid/status"
ok sandboxed

before=$(stat -c %i /var/lib/edge/journal.db)
apt-get install -qq -y --no-install-recommends /packages/edge-agent_2_amd64.deb > /upgrade.log 2>&1 || { tail -20 /upgrade.log; false; }
[ "$(dpkg-query -W -f '${Version}' edge-agent)" = 2 ] && systemctl is-active --quiet edge-agent
inspects
[ "$(stat -c %i /var/lib/edge/journal.db)" = "$before" ] && cmp -s /etc/edge/appsettings.json /packages/appsettings.json
ok upgraded

apt-get install -qq -y --no-install-recommends /packages/edge-trainer_1_amd64.deb > /trainer.log 2>&1 || { tail -20 /trainer.log; false; }
systemctl is-enabled --quiet edge-trainer && refuse systemctl is-active --quiet edge-trainer
grep -q "name the products and their pictures in /etc/edge/trainer.json" /trainer.log
edge-trainer --help > /dev/null
ok trainer installed

cp /packages/trainer.json /etc/edge/
systemctl start edge-trainer
runuser -u edge -- mkdir -p /var/lib/edge/reviews/pictures/flange/good
runuser -u edge -- cp "$(find /packages/data/train/good -type f | head -1)" /var/lib/edge/reviews/pictures/flange/good/
runs 2   # trained, through its gates, published and activated by the trainer; proved and swapped by the agent
[ "$(stat -c '%U:%G %a' /var/lib/edge/models/flange/2)" = "edge-trainer:edge 2770" ]
ok "trainer publishes into the agent's models"

inside() { nsenter -t "$(systemctl show -P MainPID edge-trainer)" -m -- setpriv --reuid edge-trainer --regid edge-trainer --groups "$(id -g edge)" "$@" 2> /dev/null; }
picture=$(find /var/lib/edge/archive -type f | head -1)
[ -n "$picture" ] && inside cat "$picture" > /dev/null
inside touch /var/lib/edge/models/flange/trainer
inside rm /var/lib/edge/models/flange/trainer
mkdir -p /etc/edge/secrets && chmod 700 /etc/edge/secrets && echo secret > /etc/edge/secrets/mqtt-password
for file in /var/lib/edge/journal.db /var/lib/edge/state/new /var/lib/edge/reviews/new /etc/edge/appsettings.json /opt/edge-agent/new; do refuse inside touch $file; done
refuse inside cat /etc/edge/secrets/mqtt-password
ok trainer reads what it should and writes nothing else

echo "exposure: $(systemd-analyze security --no-pager edge-trainer | tail -1)"
pid=$(systemctl show -P MainPID edge-trainer)
grep -q '^NoNewPrivs:[[:space:]]*1' "/proc/$pid/status" && grep -q '^CapEff:[[:space:]]*0000000000000000' "/proc/$pid/status" && grep -q '^Seccomp:[[:space:]]*2' "/proc/$pid/status"
ok trainer sandboxed

runuser -u edge -- edge-agent models activate flange 1 --models /var/lib/edge/models --why "by hand" > /dev/null   # the trainer began history.jsonl, or the agent
runs 1
runuser -u edge-trainer -- edge-trainer calibrate --package /var/lib/edge/models/flange --threshold 1e9 > /dev/null
runs 3
ok the agent goes back

apt-get remove -qq -y edge-trainer > /remove.log 2>&1
refuse systemctl is-active --quiet edge-trainer
[ ! -e /opt/edge-trainer ] && [ -e /etc/edge/trainer.json ]
apt-get purge -qq -y edge-trainer > /purge.log 2>&1
[ ! -e /etc/edge/trainer.json ] && [ -e /var/lib/edge-trainer/trainer/runs ] && [ -e /var/lib/edge/models/flange/2 ]
grep -q "stay in /var/lib/edge-trainer" /purge.log
inspects
ok trainer removed, data kept

cd /var/lib/edge
edge-agent backup /line.tar.gz > /backup.log
refuse edge-agent restore --replace /line.tar.gz 2> /dev/null   # it runs
systemctl stop edge-agent
rm -r models journal.db*
edge-agent restore --replace /line.tar.gz > /restore.log
systemctl start edge-agent
inspects
edge-agent journal verify > /verify.log
[ -z "$(find /var/lib/edge ! -user edge)" ]
ok backed up and restored

cd / && sha256sum /var/lib/edge/models/flange/1/* 2> /dev/null > /models.sha || true
systemctl stop edge-agent
apt-get install -qq -y --no-install-recommends --allow-downgrades /packages/edge-agent_1_amd64.deb > /downgrade.log 2>&1
refuse systemctl is-active --quiet edge-agent
ok back to the older version, not started because it did not run

systemctl start edge-agent
apt-get remove -qq -y edge-agent > /remove.log 2>&1
refuse systemctl is-active --quiet edge-agent
[ ! -e /opt/edge-agent ] && [ ! -e /usr/bin/edge-agent ] && [ -e /etc/edge/appsettings.json ]
ok removed
apt-get purge -qq -y edge-agent > /purge.log 2>&1
[ ! -e /etc/edge/appsettings.json ] && [ -e /var/lib/edge/journal.db ] && sha256sum --quiet -c /models.sha
grep -q "stay in /var/lib/edge" /purge.log
ok purged, data kept
