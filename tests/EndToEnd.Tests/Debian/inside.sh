#!/bin/bash
# Runs as a unit of a freshly booted Debian: the package's life, as an administrator lives it. Prints "ok: …" for everything that holds; the test counts them.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
trap 'echo "failed in line $LINENO"; journalctl --no-pager -u edge-agent | tail -30' ERR
ok() { echo "ok: $*"; }
refuse() { if "$@"; then echo "should have failed: $*"; false; fi; }
verdicts() { exec 3<> "/dev/tcp/127.0.0.1/$PORT"; printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3; sed -n 's/^edge_verdicts_total{.*} //p' <&3 | awk '{ n += $1 } END { print n + 0 }'; }
inspects() { until [ "$(verdicts 2> /dev/null || echo 0)" -gt 5 ]; do sleep 0.2; done; }   # the test's own time limit ends it

apt-get update -qq
apt-get install -qq -y --no-install-recommends /packages/edge-agent_1_amd64.deb > /install.log 2>&1 || { tail -20 /install.log; false; }
systemctl is-enabled --quiet edge-agent && refuse systemctl is-active --quiet edge-agent
grep -q "describe the line in /etc/edge/appsettings.json" /install.log
edge-agent --help > /dev/null
ok installed

cp /packages/appsettings.json /etc/edge/
mkdir -p /var/lib/edge
cp -r /packages/models /var/lib/edge/
systemctl start edge-agent
inspects
[ "$(awk '/^Uid/ { print $2 }' "/proc/$(systemctl show -P MainPID edge-agent)/status")" -ge 61184 ]   # one of DynamicUser
ok inspects as a user of its own

kill -9 "$(systemctl show -P MainPID edge-agent)"
until [ "$(systemctl show -P NRestarts edge-agent)" = 1 ] && systemctl is-active --quiet edge-agent; do sleep 0.1; done
inspects
ok starts again

echo "exposure: $(systemd-analyze security --no-pager edge-agent | tail -1)"
# What an attacker inside the process may not do.
pid=$(systemctl show -P MainPID edge-agent)
grep -q '^NoNewPrivs:[[:space:]]*1' "/proc/$pid/status" && grep -q '^CapEff:[[:space:]]*0000000000000000' "/proc/$pid/status" && grep -q '^Seccomp:[[:space:]]*2' "/proc/$pid/status"
ok sandboxed

before=$(stat -Lc %i /var/lib/private/edge/journal.db)
apt-get install -qq -y --no-install-recommends /packages/edge-agent_2_amd64.deb > /upgrade.log 2>&1 || { tail -20 /upgrade.log; false; }
[ "$(dpkg-query -W -f '${Version}' edge-agent)" = 2 ] && systemctl is-active --quiet edge-agent
inspects
[ "$(stat -c %i /var/lib/private/edge/journal.db)" = "$before" ] && cmp -s /etc/edge/appsettings.json /packages/appsettings.json
ok upgraded

cd /var/lib/edge
edge-agent backup /line.tar.gz > /backup.log
refuse edge-agent restore --replace /line.tar.gz 2> /dev/null   # it runs
systemctl stop edge-agent
rm -r models journal.db*
edge-agent restore --replace /line.tar.gz > /restore.log
systemctl start edge-agent
inspects
edge-agent journal verify > /verify.log
ok backed up and restored

cd / && sha256sum /var/lib/private/edge/models/flange/1/* 2> /dev/null > /models.sha || true
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
[ ! -e /etc/edge/appsettings.json ] && [ -e /var/lib/private/edge/journal.db ] && sha256sum --quiet -c /models.sha
grep -q "stay in /var/lib/private/edge" /purge.log
ok purged, data kept
