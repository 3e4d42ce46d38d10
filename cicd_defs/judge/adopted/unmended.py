"""Manuals of the audits whose findings nobody can mend without knowing what was meant."""

_ONLY_YOU = "There is no fix of ours: only you know what was meant."

MANUALS: dict[str, str] = {
    name: f"{summary}\n\n**Why it matters** {why}\n**How to fix** {how} {_ONLY_YOU}"
    for name, summary, why, how in (
        (
            "adhoc-packages",
            "A package is installed that no lock file names.",
            "What is installed is what the registry gives out today: another version, or somebody else's.",
            "Put the package into a lock file, and install from there.",
        ),
        (
            "archived-uses",
            "An action comes from a repository that nobody looks after any more.",
            "What is found in it will not be mended.",
            "Use one that is looked after, or a step of your own.",
        ),
        (
            "bot-conditions",
            "A condition trusts a bot by a name that others can bring about.",
            "`github.actor` is whoever did the last thing to a pull request, not whoever opened it.",
            "Ask for `github.event.pull_request.user.login`, and for the repository that the branch is in.",
        ),
        (
            "dangerous-triggers",
            "A workflow is started by others' changes and runs with this repository's rights.",
            "`pull_request_target` and `workflow_run` have secrets and a token that writes: code of the change must "
            "not run there.",
            "Use `pull_request`; else check out nothing of the change, and read no file of it.",
        ),
        (
            "dependabot-execution",
            "Dependabot runs code of the packages that it looks at.",
            "That code sees the credentials of private registries.",
            "Take `insecure-external-code-execution: allow` away.",
        ),
        (
            "forbidden-uses",
            "An action is used that the configuration forbids.",
            "Somebody decided which actions may run here.",
            "Use one that is allowed.",
        ),
        (
            "github-app",
            "A token of a GitHub App is asked for with all rights of the App.",
            "Whoever gets hold of it has them in every repository that the App is installed in.",
            "Name the repositories and the `permission-…` inputs that the step needs.",
        ),
        (
            "github-env",
            "A step that others can start writes to `GITHUB_ENV` or `GITHUB_PATH`.",
            "A line that they bring in becomes a variable such as `LD_PRELOAD` for every later step.",
            "Use `GITHUB_OUTPUT`, and write values that you have checked.",
        ),
        (
            "hardcoded-container-credentials",
            "A password for a registry stands in the file.",
            "Everybody who reads the repository has it.",
            "Make it a secret, and revoke the one that stands there.",
        ),
        (
            "impostor-commit",
            "A pinned commit is not in the action's own repository.",
            "GitHub finds commits of forks under the same name: it may be anybody's.",
            "Pin a commit that a tag of the action's repository points to.",
        ),
        (
            "insecure-commands",
            "Commands on the output of a step are turned on again.",
            "Whatever a program prints can then set variables and the path.",
            "Use `GITHUB_ENV` and `GITHUB_PATH`.",
        ),
        (
            "insecure-url-scheme",
            "A hook is fetched by a connection that anybody on the way can change.",
            "Its code runs on every developer's machine.",
            "Use `https://`.",
        ),
        (
            "known-vulnerable-actions",
            "A version of an action is used that is known to be vulnerable.",
            "What is known is tried.",
            "Use a version that the advisory names as mended.",
        ),
        (
            "misfeature",
            "Something of GitHub Actions is used that is hard to look through.",
            "A shell that nobody knows is judged by no tool, and an interpreter may come from the repository.",
            "Use `bash` or `pwsh`.",
        ),
        (
            "obfuscation",
            "Something is written so that it is hard to see what it says.",
            "What nobody can read nobody reviews.",
            "Write the value as it is.",
        ),
        (
            "overprovisioned-secrets",
            "All secrets are handed to a step.",
            "The step needs one of them, and shows all of them to what it runs.",
            "Name the secret that is needed.",
        ),
        (
            "ref-confusion",
            "A version is the name of a branch and of a tag.",
            "Which one is meant is decided elsewhere, and can change.",
            "Pin a commit.",
        ),
        (
            "ref-version-mismatch",
            "The comment behind a pinned commit names another version than the commit has.",
            "People read the comment, and the machine runs the commit.",
            "Write the version that the commit has, or pin the commit of that version.",
        ),
        (
            "self-hosted-runner",
            "A job runs on a machine of one's own.",
            "What one run leaves there the next one finds; in a public repository, anybody's pull request may run.",
            "Use machines that are made anew for each job.",
        ),
        (
            "self-repository",
            "An action or a workflow of the same repository is named by a path of the working folder.",
            "`./…` is whatever lies there when the step begins: a checkout of another branch can put other code there.",
            "Check out the workflow's own commit, or write `$/` in place of `./` where your tools know that form.",
        ),
        (
            "stale-action-refs",
            "A pinned commit is not that of any release.",
            "It may be what somebody was just working on.",
            "Pin the commit of a release.",
        ),
        (
            "typosquat-uses",
            "An action's name looks like that of a well-known one.",
            "Somebody may wait for those who mistype it.",
            "Check whose action it is.",
        ),
        (
            "unpinned-tools",
            "An action puts in a tool of whatever version is newest.",
            "Tomorrow it is another one, without a commit.",
            "Name the tool's version.",
        ),
        (
            "unredacted-secrets",
            "A part of a secret is used that GitHub does not hide in logs.",
            "GitHub hides a secret as a whole; a value taken out of it is shown.",
            "Make each value a secret of its own.",
        ),
        (
            "unsound-contains",
            "A condition looks for a word within a text, where it means one of several.",
            "`contains('main,develop', github.ref_name)` is true for a branch `mai` too.",
            "Compare with each value, or use `fromJSON('[…]')`.",
        ),
        (
            "unsound-ternary",
            "`a && b || c` gives c also where a is true, if b is empty or false.",
            "The value that was meant never arrives.",
            "Turn the condition around, so that the value in the middle is never empty.",
        ),
        (
            "use-trusted-publishing",
            "A package is published with a token that lasts.",
            "Whoever gets hold of the token publishes as you.",
            "Let the registry trust the workflow by its identity, and ask for `id-token: write`.",
        ),
    )
}
