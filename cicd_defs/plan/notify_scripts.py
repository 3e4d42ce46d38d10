"""What the steps run that tell people how a run ended: bash, jq and curl, which GitHub's runners have.

A secret reaches a step as a variable and a program by way of its standard input, never as a word of a command line,
which every process of the machine can read. What is sent is made by jq alone, so that no name can break out of it.

Formats: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks,
https://core.telegram.org/bots/api#sendmessage, https://learn.microsoft.com/connectors/teams (the trigger for webhooks
takes a message with adaptive cards), RFC 5322 for mail, and https://curl.se/docs/manpage.html for all of them.
"""

NOTICE = """\
jq --null-input '
  (env.NEEDS | fromjson) as $needs
  | (env.DEPLOYS | fromjson) as $places
  | def jobs(keep): [$needs | to_entries[] | select(.value | keep) | .key];
    def places(keep): [$places | to_entries[] | select($needs[.key] | keep) | .value];
    def line(word): if length > 0 then ["\\(word): \\(join(", "))"] else [] end;
  {
    failed: jobs(.result == "failure"),
    stopped: jobs(.result == "cancelled"),
    deployed: places(.result == "success"),
    rolled_back: places(.outputs.rollback == "success"),
    rollback_failed: places(.outputs.rollback == "failure")
  } as $found
  | [
      (select($found.rolled_back != []) | "rollback_complete"),
      (select($found.failed + $found.stopped != []) | "ci_failed"),
      "deployment_complete"
    ] as $happened
  | first($happened[] | select(. as $event | env.EVENTS | split(" ") | index($event))) as $event
  | (if $found.failed + $found.stopped == [] then "went well" else "went well in part" end) as $well
  | {rollback_complete: "was rolled back", ci_failed: "failed", deployment_complete: $well}[$event] as $how
  | "\\(env.GITHUB_WORKFLOW) of \\(env.GITHUB_REPOSITORY) \\($how)" as $subject
  | "\\(env.GITHUB_SERVER_URL)/\\(env.GITHUB_REPOSITORY)/actions/runs/\\(env.GITHUB_RUN_ID)" as $url
  | {
      event: $event,
      repository: env.GITHUB_REPOSITORY,
      workflow: env.GITHUB_WORKFLOW,
      ref: env.GITHUB_REF_NAME,
      commit: env.GITHUB_SHA,
      actor: env.GITHUB_ACTOR,
      url: $url
    } + $found + {
      subject: $subject,
      lines: (
        ["On \\(env.GITHUB_REF_NAME), by \\(env.GITHUB_ACTOR)"]
        + ($found.failed | line("Failed"))
        + ($found.stopped | line("Stopped"))
        + ($found.deployed | line("Deployed to"))
        + ($found.rolled_back | line("Rolled back"))
        + ($found.rollback_failed | line("Could not be rolled back"))
        + [$url]
      )
    }
' | tee "$RUNNER_TEMP/notice.json"
"""
"""Write down what is to be told. Reads NEEDS (every job's result and outputs), DEPLOYS (deploying jobs and where
they deploy to; both JSON) and EVENTS (what is told here, separated by spaces). One run tells one event: the gravest
one that happened and is told; a run that deployed to one place and failed for another has failed."""

_NEEDED = """\
if [ -z "$ADDRESS" ]; then
  echo "::error::The secret $SECRET is empty. Set it in the environment 'notifications' of this repository." >&2
  exit 1
fi
"""

_TRIMMED = r'env.ADDRESS | sub("^\\s+"; "") | sub("\\s+$"; "")'
"""The address without the line break that is often copied with it."""

_CURL = "curl --config - --globoff --silent --show-error --fail --max-time 30 --retry 3"

_BODIES = {
    "slack": r"""{
  text: (["*\(.subject)*"] + .lines | join("\n") | gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;"))
}""",
    "telegram": r"""{text: ([.subject] + .lines | join("\n"))}""",
    "teams": r"""{
  type: "message",
  attachments: [{
    contentType: "application/vnd.microsoft.card.adaptive",
    contentUrl: null,
    content: {
      "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
      type: "AdaptiveCard",
      version: "1.4",
      body: (
        [{type: "TextBlock", text: .subject, wrap: true, weight: "Bolder", size: "Medium"}]
        + [.lines[:-1][] | {type: "TextBlock", text: ., wrap: true}]
      ),
      actions: [{type: "Action.OpenUrl", title: "Look at the run", url: .url}]
    }
  }]
}""",
    "webhook": ".",
}
"""What each kind of channel is posted. Slack reads `&`, `<` and `>` as its own marks."""

_ADDRESSES = rf"""def mail:
    first({_TRIMMED} | capture("^(?<server>smtps?://[^?]+)[?](?<query>.+)$"))
    // error("\(env.SECRET) is not smtps://user:password@host:465?from=<address>&to=<address>")
    | . + (.query | split("&") | map(split("=") | {{(.[0]): (.[1:] | join("="))}}) | add)
    | if .from and .to then . else error("\(env.SECRET) names no sender (from=) or nobody to tell (to=)") end;
  """

_MAIL = rf"""{_NEEDED}jq --raw-output '
  {_ADDRESSES}[
    "From: \(mail.from)",
    "To: \(mail.to)",
    "Subject: \(.subject)",
    "Date: \(now | strftime("%a, %d %b %Y %H:%M:%S +0000"))",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "Auto-Submitted: auto-generated",
    ""
  ] + .lines | .[]
' "$RUNNER_TEMP/notice.json" > "$RUNNER_TEMP/mail.txt"
jq --null-input --raw-output '
  {_ADDRESSES}mail
  | "url = \(.server | @json)",
    "mail-from = \(.from | @json)",
    (.to | split(",")[] | "mail-rcpt = \(@json)")
' | {_CURL} --ssl-reqd --crlf --upload-file "$RUNNER_TEMP/mail.txt"
"""


def telling(kind: str) -> str:
    """The script that tells one channel of this kind what `NOTICE` wrote down.

    Reads ADDRESS, the channel's secret, and SECRET, that secret's name for people. Fails where the channel does not
    take it: an answer of 4xx or 5xx, no answer within 30 seconds, or no address at all.
    """
    return _MAIL if kind == "email" else _post(_BODIES[kind])


def _post(body: str) -> str:
    return rf"""{_NEEDED}jq '{body}' "$RUNNER_TEMP/notice.json" > "$RUNNER_TEMP/body.json"
jq --null-input --raw-output '"url = \({_TRIMMED} | @json)"' |
  {_CURL} --output /dev/null \
    --header 'Content-Type: application/json' --data-binary "@$RUNNER_TEMP/body.json"
"""
