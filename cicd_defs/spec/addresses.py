"""How repositories elsewhere are named, as patterns: data, which costs nothing to load."""

OWNER_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?![^/]*(?:\.|\.git)$)[A-Za-z0-9._-]{1,100}"
HTTPS_ADDRESS = (
    r"https://(?!.*/\.\.(?:/|$))[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?"
    r"(?:/[A-Za-z0-9._~%+-]+)+/?"
)
