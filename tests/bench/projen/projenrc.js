// A workflow of four jobs, as a project that is looked after with projen would declare it.
const { Project, github } = require("projen");

const project = new Project({ name: "shop", commitGenerated: false });
const hub = new github.GitHub(project, { mergify: false, pullRequestLint: false, workflows: true });
const workflow = hub.addWorkflow("ci");
workflow.on({ push: { branches: ["main"] }, pullRequest: {}, workflowDispatch: {} });

const checkout = { name: "Check out the code", uses: "actions/checkout@v4", with: { "persist-credentials": false } };
const python = { name: "Set up Python", uses: "actions/setup-python@v5", with: { "python-version": "3.12" } };
const job = (name, run, more = {}) => ({
  name,
  runsOn: ["ubuntu-24.04"],
  permissions: { contents: "read" },
  timeoutMinutes: 20,
  steps: [checkout, python, { name: "Install", run: "pip install -e .[dev]" }, { name, run }],
  ...more,
});

workflow.addJobs({
  lint: job("Lint", "ruff check ."),
  typecheck: job("Type-check", "mypy --strict src"),
  test: job("Test", "pytest", {
    strategy: { matrix: { domain: { python: ["3.11", "3.12"] } } },
    services: { postgres: { image: "postgres:16-alpine", ports: ["5432:5432"] } },
  }),
  build: job("Build", "python -m build", { needs: ["lint", "typecheck", "test"] }),
});

project.synth();
