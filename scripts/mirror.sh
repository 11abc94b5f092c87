#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# mirror.sh SUITE [deb|deb-src]: print apt source lines for Debian SUITE, its updates and its security fixes, from the mirrors that
# this host is configured with. DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR in the environment take precedence.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

suite=${1:-bookworm} kind=${2:-deb}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# the host's mirrors: a security archive has "security" in its suite's name
targets() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sort -u
}
main=${DEBIAN_MIRROR:-$(targets | awk '$1 == "Debian" && $2 !~ /security/ { print $3; exit }')}
security=${DEBIAN_SECURITY_MIRROR:-$(targets | awk '$1 == "Debian" && $2 ~ /security/ { print $3; exit }')}

[ -n "$main" ] || die "this host's apt knows no Debian mirror; run apt-get update, or set DEBIAN_MIRROR=http://..."
echo "$kind [signed-by=$keyring] $main $suite main"
echo "$kind [signed-by=$keyring] $main $suite-updates main"
[ -z "$security" ] || echo "$kind [signed-by=$keyring] $security $suite-security main"
