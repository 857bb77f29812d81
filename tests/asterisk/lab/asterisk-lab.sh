#!/usr/bin/env bash
# asterisk-lab.sh - a real Asterisk on loopback for tests; no chroot, no Docker, no install into the host.
#
#   asterisk-lab.sh fetch     download + unpack Asterisk into $LAB_PREFIX (cached; needs apt-get + dpkg-deb)
#                             exit 69 when the packages cannot be had
#   asterisk-lab.sh up        fetch if needed, write the config, start, wait until fully booted (idempotent)
#                             exit 75 when a port is in use: try again with others
#   asterisk-lab.sh down      stop the Asterisk this script started (idempotent)
#   asterisk-lab.sh kill      end it as a crash would (SIGKILL)
#   asterisk-lab.sh restart   down + up           asterisk-lab.sh status    state; exit 0 only when it answers
#   asterisk-lab.sh cli CMD   run one Asterisk CLI command
#   asterisk-lab.sh env       print the settings as shell assignments
#
# Limits: "core restart now" cannot re-exec through the loader (use restart here); maintainer scripts do not run.
# Works as root and as an ordinary user. The .deb files are unpacked (dpkg-deb -x), never installed, and run
# through their own ld-linux, so the host's libc does not matter. Needs: bash, apt-get, dpkg-deb, awk, sed, flock.
set -euo pipefail

: "${LAB_DIR:=$(cd "$(dirname "$0")/../../.." && pwd)/.cache/asterisk-lab}"   # everything lives here
: "${LAB_SUITE:=sid}"                                 # sid = Asterisk 22, bullseye = Asterisk 16
: "${LAB_PREFIX:=$LAB_DIR/prefix-$LAB_SUITE}"         # cache this folder between CI runs
: "${LAB_RUN:=$LAB_DIR/run}"                          # config, logs, spool, sockets
: "${LAB_HOST:=127.0.0.1}"
: "${LAB_AMI_PORT:=15038}" "${LAB_HTTP_PORT:=18088}" "${LAB_SIP_PORT:=15060}"
: "${LAB_RTP_START:=20000}" "${LAB_RTP_END:=20999}"
: "${LAB_AMI_USER:=screenpop}" "${LAB_AMI_SECRET:=lab-secret}"
: "${LAB_ARI_USER:=screenpop}" "${LAB_ARI_SECRET:=lab-secret}"
: "${LAB_TRUNK_NET:=127.0.0.2/32}"                    # calls from this address enter [from-trunk]
: "${LAB_AGENT1:=127.0.0.11:5060}" "${LAB_AGENT2:=127.0.0.12:5060}" "${LAB_AGENT3:=127.0.0.13:5060}"
: "${LAB_AGENT_TIMEOUT:=5}"                           # seconds a queue rings an agent
: "${LAB_EXTRA_DIALPLAN:=}"                           # a file appended to extensions.conf
: "${LAB_MIRROR:=}"                                   # default: the mirror the host's apt already uses
: "${LAB_BOOT_TIMEOUT:=60}"

EX_UNAVAILABLE=69 EX_TEMPFAIL=75
die() { echo "asterisk-lab: $*" >&2; exit "${CODE:-1}"; }
say() { echo "asterisk-lab: $*"; }
case "$LAB_HOST" in 127.*) ;; *) die "LAB_HOST must be a loopback address" ;; esac

TRIPLET=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu")
# Run a program of the prefix with the prefix's own loader. --library-path (unlike LD_LIBRARY_PATH) is not
# inherited by child processes, so System(), AGI and MixMonitor commands still run with the host's libraries.
loader() {   # prints: LOADER LIBRARY_PATH
  local P=$LAB_PREFIX ld
  for ld in "$P"/usr/lib/$TRIPLET/ld-linux-*.so.* "$P"/lib/$TRIPLET/ld-linux-*.so.* "$P"/lib/$TRIPLET/ld-2*.so "$P"/lib/ld-linux-*.so.*; do
    [ -e "$ld" ] && break
  done
  echo "$ld $P/usr/lib/$TRIPLET:$P/lib/$TRIPLET:$P/usr/lib:$P/usr/lib/asterisk"
}
ast() { local l; read -r -a l <<<"$(loader)"; "${l[0]}" --library-path "${l[1]}" "$LAB_PREFIX/usr/sbin/asterisk" "$@"; }
cli() { ast -C "$LAB_RUN/etc/asterisk.conf" -rx "$*" 2>/dev/null; }

find_mirror() {
  [ -n "$LAB_MIRROR" ] && { echo "$LAB_MIRROR"; return; }
  local m
  m=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Label: Debian' 2>/dev/null | head -1)
  [ -n "$m" ] || m=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
    grep -oE '(https?|mirror\+file)://[^ ]*/debian/?( |$)' | head -1 | tr -d ' ')
  [ -n "$m" ] || die "no Debian mirror found in the host's apt sources; set LAB_MIRROR"
  echo "$m"
}

fetch() {
  [ -e "$LAB_PREFIX/.complete" ] && return 0
  mkdir -p "$LAB_DIR"
  exec 9>"$LAB_DIR/fetch-$LAB_SUITE.lock"       # parallel test workers share one download
  flock 9
  [ -e "$LAB_PREFIX/.complete" ] || CODE=$EX_UNAVAILABLE download
  exec 9>&-
}

download() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || die "needs apt-get and dpkg-deb"
  local A="$LAB_DIR/apt-$LAB_SUITE" key=/usr/share/keyrings/debian-archive-keyring.gpg arch t0=$SECONDS
  arch=$(dpkg --print-architecture)
  rm -rf "$LAB_PREFIX"; mkdir -p "$LAB_PREFIX" "$A"/{lists/partial,archives/partial,etc/sources.list.d,etc/preferences.d,etc/apt.conf.d}
  : > "$A/status"
  echo "deb [signed-by=$key] $(find_mirror) $LAB_SUITE main" > "$A/etc/sources.list"
  # A private apt: own lists, own cache, EMPTY dpkg status (so the whole closure is downloaded, libc too).
  # Check-Valid-Until=false: a sid mirror that lags > 7 days is refused otherwise ("Release file is expired").
  cat > "$A/apt.conf" <<X
Dir::State "$A"; Dir::State::lists "$A/lists"; Dir::State::status "$A/status"; Dir::State::extended_states "$A/ext";
Dir::Cache "$A"; Dir::Cache::archives "$A/archives/"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";
Dir::Etc "$A/etc"; Dir::Etc::main "/dev/null"; Dir::Etc::parts "$A/etc/apt.conf.d";
Dir::Etc::sourcelist "$A/etc/sources.list"; Dir::Etc::sourceparts "$A/etc/sources.list.d";
APT::Architecture "$arch"; APT::Architectures "$arch"; APT::Install-Recommends "false"; APT::Sandbox::User "";
Acquire::Check-Valid-Until "false"; Acquire::Languages "none"; Acquire::Retries "3";
X
  export APT_CONFIG="$A/apt.conf"
  apt-get -qq -o APT::Update::Error-Mode=any update || die "apt-get update of $LAB_SUITE failed"
  # Lean closure: what /usr/sbin/asterisk itself needs (its own lib* Depends) + two module libraries + the
  # asterisk packages without their Depends. 21 MB instead of 78 MB; modules that miss a library are not loaded.
  local libs pk
  libs=$(apt-cache show --no-all-versions asterisk | sed -n 's/^Depends: //p' | tr ',' '\n' |
         sed 's/[(|].*//; s/ //g' | grep '^lib' | sort -u)
  [ -n "$libs" ] || die "no asterisk package in $LAB_SUITE"
  pk="asterisk asterisk-modules asterisk-core-sounds-en-gsm"
  apt-get -qq -y -d install $libs libsrtp2-1 libresample1 >"$A/log" 2>&1 || { cat "$A/log" >&2; die "download failed"; }
  ( cd "$A/archives" && apt-get -qq download $pk >>"$A/log" 2>&1 ) || { cat "$A/log" >&2; die "download failed"; }
  local d; for d in "$A"/archives/*.deb; do dpkg-deb -x "$d" "$LAB_PREFIX"; done
  if ! ast -V >/dev/null 2>&1; then      # the lean closure no longer suffices: take the whole one
    say "lean closure is not enough, fetching all dependencies"
    apt-get -qq -y -d install asterisk >>"$A/log" 2>&1 || { cat "$A/log" >&2; die "download failed"; }
    for d in "$A"/archives/*.deb; do dpkg-deb -x "$d" "$LAB_PREFIX"; done
    ast -V >/dev/null || die "the unpacked asterisk does not start"
  fi
  # maintainer scripts do not run with dpkg-deb -x: make the "en" sounds alternative by hand
  [ -e "$LAB_PREFIX/usr/share/asterisk/sounds/en" ] || ln -s en_US_f_Allison "$LAB_PREFIX/usr/share/asterisk/sounds/en"
  local mb; mb=$(du -sm "$A/archives" | cut -f1)
  unset APT_CONFIG
  rm -rf "$A"
  rm -rf "$LAB_PREFIX"/usr/share/{doc,man,locale,bash-completion,lintian} "$LAB_PREFIX"/usr/lib/*/{gconv,perl*} "$LAB_PREFIX/usr/include"
  ast -V > "$LAB_PREFIX/.complete"
  say "fetched $(cat "$LAB_PREFIX/.complete") in $((SECONDS-t0)) s: $mb MB of packages, $(du -sm "$LAB_PREFIX" | cut -f1) MB on disk"
}

# modules wanted (shell globs). Explicit list, autoload=no: nothing that opens an unexpected port (chan_iax2,
# chan_unistim, pbx_dundi bind 0.0.0.0 by default), boot is fast and the same everywhere.
MODULES="app_audiosocket app_bridgewait app_cdr app_celgenuserevent app_channelredirect app_chanspy app_confbridge
app_controlplayback app_dial app_dumpchan app_echo app_exec app_milliwatt app_mixmonitor app_originate app_playback
app_playtones app_queue app_read app_record app_senddtmf app_softhangup app_stack app_stasis app_system app_talkdetect
app_transfer app_userevent app_verbose app_waitforcond app_while app_blind_transfer app_attended_transfer
bridge_* cdr_manager cdr_csv cel_manager chan_audiosocket chan_bridge_media chan_pjsip chan_rtp chan_websocket
codec_a_mu codec_alaw codec_g722 codec_gsm codec_resample codec_ulaw format_gsm format_pcm format_sln format_wav
func_base64 func_callerid func_cdr func_channel func_cut func_db func_devstate func_dialplan func_env func_global
func_groupcount func_hangupcause func_holdintercept func_jitterbuffer func_json func_logic func_math func_md5
func_periodic_hook func_pjsip_* func_rand func_shell func_sprintf func_strings func_talkdetect func_timeout func_uri
func_uuid func_volume pbx_config res_agi res_ari res_ari_* res_audiosocket res_clialiases res_clioriginate res_convert
res_crypto res_format_attr_* res_http_websocket res_manager_devicestate res_manager_presencestate res_musiconhold
res_mutestream res_parking res_pjproject res_pjsip res_pjsip_* res_rtp_asterisk res_rtp_multicast res_security_log res_sorcery_* res_speech
res_speech_aeap res_aeap res_srtp res_stasis res_stasis_* res_timing_* res_tonedetect res_websocket_client"
NOLOAD="res_pjsip_geolocation res_pjsip_phoneprov_provider res_pjsip_stir_shaken res_pjsip_publish_asterisk
res_pjsip_transport_websocket res_ari_mailboxes res_sorcery_realtime res_stasis_test res_pjsip_config_wizard"

write_config() {
  local E="$LAB_RUN/etc" M g f n skip; M="$LAB_PREFIX/usr/lib/$TRIPLET/asterisk/modules"; skip=" $(echo $NOLOAD) "
  [ -d "$M" ] || M="$LAB_PREFIX/usr/lib/asterisk/modules"
  mkdir -p "$E" "$LAB_RUN"/{run,log/cdr-csv,spool/monitor,spool/tmp,spool/recording,lib/keys,cache,moh}
  # one second of G.711 silence: music on hold that costs nothing but gives MusicOnHoldStart/Stop events
  [ -e "$LAB_RUN/moh/silence.ulaw" ] || head -c 80000 /dev/zero | tr '\0' '\377' > "$LAB_RUN/moh/silence.ulaw"
  cat > "$E/asterisk.conf" <<X
[directories]
astcachedir => $LAB_RUN/cache
astetcdir => $E
astmoddir => $M
astvarlibdir => $LAB_RUN/lib
astdbdir => $LAB_RUN/lib
astkeydir => $LAB_RUN/lib
astdatadir => $LAB_PREFIX/usr/share/asterisk
astagidir => $LAB_RUN/agi-bin
astspooldir => $LAB_RUN/spool
astrundir => $LAB_RUN/run
astlogdir => $LAB_RUN/log
astsbindir => $LAB_PREFIX/usr/sbin
[options]
nocolor = yes
verbose = 3
; no entropy/MAC lookup, and a fixed id
entityid = 02:00:00:00:00:01
X
  # a module that does not exist in this Asterisk is left out; one that misses a library only logs an error
  { echo "[modules]"; echo "autoload=no"
    for g in $MODULES; do for f in "$M"/$g.so; do
      [ -e "$f" ] || continue; n=${f##*/}; n=${n%.so}
      case "$skip" in *" $n "*) ;; *) echo "load => $n.so" ;; esac
    done; done; } > "$E/modules.conf"
  printf '[general]\n[logfiles]\nmessages => notice,warning,error\nfull => notice,warning,error,verbose\n' > "$E/logger.conf"
  printf '[general]\nrtpstart=%s\nrtpend=%s\nstrictrtp=no\n' "$LAB_RTP_START" "$LAB_RTP_END" > "$E/rtp.conf"
  printf '[default]\nmode=files\ndirectory=%s\n' "$LAB_RUN/moh" > "$E/musiconhold.conf"
  # the events a screen-pop needs; by name (a hash, cheap) from Asterisk 20.9/21.4/22 on, else one regex
  local lean names="Newchannel Newstate NewCallerid NewConnectedLine DialBegin DialEnd BridgeEnter BridgeLeave Hold Unhold
BlindTransfer AttendedTransfer Hangup QueueCallerJoin QueueCallerLeave QueueCallerAbandon AgentCalled AgentConnect
AgentComplete AgentRingNoAnswer QueueMemberAdded QueueMemberRemoved QueueMemberPause OriginateResponse FullyBooted Shutdown"
  if grep -q 'action(include' "$LAB_PREFIX/usr/sbin/asterisk" || grep -qE ' (2[2-9]|[3-9][0-9])\.' "$LAB_PREFIX/.complete"; then
    lean=$(for n in $names; do echo "eventfilter(name($n)) ="; done
           echo "eventfilter(name(DeviceStateChange),header(Device),method(starts_with)) = PJSIP/")
  else
    lean="eventfilter = Event: ($(echo $names | tr ' ' '|'))[^A-Za-z]"
  fi
  cat > "$E/manager.conf" <<X
[general]
enabled = yes
webenabled = yes
bindaddr = $LAB_HOST
port = $LAB_AMI_PORT
timestampevents = yes
; all events, all actions: for recording traces
[$LAB_AMI_USER]
secret = $LAB_AMI_SECRET
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.0/255.0.0.0
read = all
write = all
writetimeout = 1000
; the rights a screen-pop service needs, and not more
[${LAB_AMI_USER}-lean]
secret = $LAB_AMI_SECRET
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.0/255.0.0.0
read = call,agent,cdr
write = call,agent,reporting,originate
writetimeout = 1000
$lean
; screen-pop only: no write class at all
[${LAB_AMI_USER}-pop]
secret = $LAB_AMI_SECRET
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.0/255.0.0.0
read = call,agent
writetimeout = 1000
$lean
; not permitted from here
[${LAB_AMI_USER}-elsewhere]
secret = $LAB_AMI_SECRET
deny = 0.0.0.0/0.0.0.0
permit = 192.0.2.1/255.255.255.255
read = call,agent
X
  printf '[general]\nenabled = yes\nbindaddr = %s\nbindport = %s\n' "$LAB_HOST" "$LAB_HTTP_PORT" > "$E/http.conf"
  printf '[general]\nenabled = yes\n[%s]\ntype = user\nread_only = no\npassword = %s\npassword_format = plain\n' "$LAB_ARI_USER" "$LAB_ARI_SECRET" > "$E/ari.conf"
  printf '[general]\nenable=yes\nunanswered=yes\ncongestion=yes\n[csv]\nusegmtime=yes\nloguniqueid=yes\nloguserfield=yes\n' > "$E/cdr.conf"
  printf '[general]\nenabled = yes\n[mappings]\nlinkedid => LinkedID\nsequence => Sequence\npeeraccount => PeerAccount\n' > "$E/cdr_manager.conf"
  printf '[general]\nenable=yes\napps=all\nevents=ALL\n[manager]\nenabled=yes\n' > "$E/cel.conf"
  printf '[general]\n[default]\nparkext => 700\nparkpos => 701-720\ncontext => parkedcalls\n' > "$E/res_parking.conf"
  printf '[general]\n[featuremap]\nblindxfer = #1\natxfer = *2\n' > "$E/features.conf"
  : > "$E/ccss.conf"; : > "$E/udptl.conf"; : > "$E/stasis.conf"; : > "$E/acl.conf"; : > "$E/cli.conf"; : > "$E/cli_aliases.conf"
  : > "$E/pjproject.conf"; : > "$E/confbridge.conf"; : > "$E/codecs.conf"; : > "$E/sorcery.conf"; : > "$E/pjsip_notify.conf"
  printf '[general]\ncountry=us\n[us]\ndescription=US\nringcadence=2000,4000\ndial=350+440\nbusy=480+620/500,0/500\nring=440+480/2000,0/4000\ncongestion=480+620/250,0/250\n' > "$E/indications.conf"; : > "$E/dnsmgr.conf"; : > "$E/cli_permissions.conf"; : > "$E/queuerules.conf"; : > "$E/aeap.conf"
  [ -e "$E/websocket_client.conf" ] || : > "$E/websocket_client.conf"
  [ -e "$E/chan_websocket.conf" ] || : > "$E/chan_websocket.conf"
  cat > "$E/pjsip.conf" <<X
[global]
type = global
user_agent = asterisk-lab
endpoint_identifier_order = ip,username,anonymous
[lab-udp]
type = transport
protocol = udp
bind = $LAB_HOST:$LAB_SIP_PORT
[lab-tpl](!)
type = endpoint
transport = lab-udp
disallow = all
allow = ulaw,alaw
direct_media = no
rtp_symmetric = no
media_address = $LAB_HOST
bind_rtp_to_media_address = yes
allow_subscribe = no
[trunk](lab-tpl)
context = from-trunk
trust_id_inbound = yes
[trunk]
type = identify
endpoint = trunk
match = $LAB_TRUNK_NET
$(i=0; for c in "$LAB_AGENT1" "$LAB_AGENT2" "$LAB_AGENT3"; do i=$((i+1)); cat <<Y
[100$i](lab-tpl)
context = from-internal
aors = 100$i
callerid = Agent $i <100$i>
[100$i]
type = aor
contact = sip:100$i@$c
qualify_frequency = 0
max_contacts = 1
Y
done)
X
  cat > "$E/queues.conf" <<X
[general]
persistentmembers = no
autofill = yes
log_membername_as_agent = yes
[q-tpl](!)
musicclass = default
timeout = $LAB_AGENT_TIMEOUT
retry = 1
wrapuptime = 0
ringinuse = no
joinempty = yes
leavewhenempty = no
announce-frequency = 0
[support](q-tpl)
strategy = linear
member => PJSIP/1001,0,Agent 1,PJSIP/1001
member => PJSIP/1002,0,Agent 2,PJSIP/1002
[support-all](q-tpl)
strategy = ringall
member => PJSIP/1001,0,Agent 1,PJSIP/1001
member => PJSIP/1002,0,Agent 2,PJSIP/1002
[support-local](q-tpl)
strategy = ringall
member => Local/1001@agents/n,0,Agent 1,PJSIP/1001
X
  cat > "$E/extensions.conf" <<X
[general]
static = yes
writeprotect = yes
[from-trunk]
; 4000: the usual call-centre entry: answer, record both legs in separate files, queue "support" (linear)
exten => 4000,1,NoOp(DID \${EXTEN} from \${CALLERID(num)})
 same => n,Answer()
 same => n,MixMonitor(\${UNIQUEID}.wav,r(\${UNIQUEID}-caller.wav)t(\${UNIQUEID}-agent.wav))
 same => n,Queue(support,tT,,,60)
 same => n,Hangup()
; 4001: the same, not recorded      4002: ringall      4003: Local/ members      4004: a plain Dial, no queue
exten => 4001,1,Answer()
 same => n,Queue(support,tT,,,60)
 same => n,Hangup()
exten => 4002,1,Answer()
 same => n,Queue(support-all,tT,,,60)
 same => n,Hangup()
exten => 4003,1,Answer()
 same => n,Queue(support-local,tT,,,60)
 same => n,Hangup()
exten => 4004,1,Dial(PJSIP/1001,20,tT)
 same => n,Hangup()
; 4005: queue gives up after 7 s
exten => 4005,1,Answer()
 same => n,Queue(support,tT,,,7)
 same => n,NoOp(QUEUESTATUS \${QUEUESTATUS})
 same => n,Hangup(17)
exten => 4009,1,Answer()
 same => n,Echo()
[agents]
exten => _100X,1,Dial(PJSIP/\${EXTEN},20)
[from-internal]
exten => _100X,1,Dial(PJSIP/\${EXTEN},20,tT)
 same => n,Hangup()
exten => 4000,1,Goto(from-trunk,4000,1)
; an outside number: rings phone 1003, which plays the customer
exten => _0X.,1,Dial(PJSIP/1003,20)
 same => n,Hangup()
exten => 9000,1,Answer()
 same => n,Echo()
X
  [ -n "$LAB_EXTRA_DIALPLAN" ] && cat "$LAB_EXTRA_DIALPLAN" >> "$E/extensions.conf"
  return 0
}

# Its pid while it lives; a zombie (no init in the container) has an empty command line and does not count.
pid() { local p; p=$(cat "$LAB_RUN/run/asterisk.pid" 2>/dev/null || true)
  [ -n "$p" ] && kill -0 "$p" 2>/dev/null && tr '\0' ' ' < "/proc/$p/cmdline" | grep -q -- "$LAB_RUN/etc/asterisk.conf" && echo "$p"; }

up() {
  if pid >/dev/null; then say "already up (pid $(pid))"; return 0; fi
  fetch
  local t0; t0=$(date +%s%N)
  write_config
  rm -f "$LAB_RUN/run/asterisk.ctl" "$LAB_RUN/run/asterisk.pid" "$LAB_RUN/log/messages"
  # -f: stay in the foreground of this background job; the pid file is written by Asterisk itself
  local l; read -r -a l <<<"$(loader)"
  ( cd "$LAB_RUN"; exec </dev/null >"$LAB_RUN/log/stdout" 2>&1
    exec setsid "${l[0]}" --library-path "${l[1]}" "$LAB_PREFIX/usr/sbin/asterisk" -f -C "$LAB_RUN/etc/asterisk.conf" ) &
  disown
  local i
  for ((i=0; i<LAB_BOOT_TIMEOUT*10; i++)); do
    if [ -S "$LAB_RUN/run/asterisk.ctl" ] && cli core waitfullybooted | grep -q 'fully booted'; then
      # Asterisk boots happily without AMI or SIP when their ports are taken.
      if grep -q 'Address already in use' "$LAB_RUN/log/messages"; then
        down >/dev/null
        CODE=$EX_TEMPFAIL die "a port is in use (another lab?): AMI $LAB_AMI_PORT, HTTP $LAB_HTTP_PORT, SIP $LAB_SIP_PORT"
      fi
      say "up (pid $(pid)) in $(( ($(date +%s%N)-t0)/1000000 )) ms: $(cat "$LAB_PREFIX/.complete")"
      say "AMI $LAB_HOST:$LAB_AMI_PORT, HTTP/ARI $LAB_HOST:$LAB_HTTP_PORT, SIP $LAB_HOST:$LAB_SIP_PORT/udp"
      return 0
    fi
    sleep 0.1
  done
  tail -20 "$LAB_RUN/log/stdout" "$LAB_RUN/log/messages" >&2 2>/dev/null || true
  die "did not boot in $LAB_BOOT_TIMEOUT s"
}

down() {
  local p i; p=$(pid || true)
  [ -n "$p" ] || { say "not running"; return 0; }
  cli core stop now >/dev/null || true
  for ((i=0; i<100; i++)); do pid >/dev/null || { say "stopped"; return 0; }; sleep 0.05; done
  kill -TERM "$p" 2>/dev/null || true; sleep 1; kill -KILL "$p" 2>/dev/null || true
  say "stopped (killed)"
}

crash() {
  local p i; p=$(pid || true)
  [ -n "$p" ] || { say "not running"; return 0; }
  kill -KILL "$p"
  for ((i=0; i<50; i++)); do pid >/dev/null || break; sleep 0.05; done
  say "killed"
}

status() {
  local p; p=$(pid) || { say "not running"; return 1; }
  cli core show uptime | sed 's/^/asterisk-lab: /'
  cli core show channels count | sed 's/^/asterisk-lab: /'
  say "pid $p, rss $(awk '/VmRSS/{print int($2/1024)}' "/proc/$p/status") MB, AMI $LAB_HOST:$LAB_AMI_PORT"
}

case "${1:-}" in
  fetch) fetch; say "$(cat "$LAB_PREFIX/.complete") in $LAB_PREFIX" ;;
  up) up ;; down) down ;; kill) crash ;; restart) down; up ;; status) status ;;
  cli) shift; cli "$@" ;;
  env) for v in LAB_DIR LAB_HOST LAB_AMI_PORT LAB_AMI_USER LAB_AMI_SECRET LAB_HTTP_PORT LAB_ARI_USER LAB_ARI_SECRET LAB_SIP_PORT LAB_RUN; do printf '%s=%q\n' "$v" "${!v}"; done ;;
  *) sed -n '2,15p' "$0" | sed 's/^# \{0,1\}//'; exit 2 ;;
esac
