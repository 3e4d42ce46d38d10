// GitHub's own parser of workflows. Bundled before use: it imports JSON in a way that Node refuses.
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from "@actions/workflow-parser";
import { checkEach } from "./lines.mjs";

const ALLOW_ERRORS = 1; // convert what can be converted, and collect the errors

await checkEach(async (content, name) => {
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  if (value) await convertWorkflowTemplate(context, value, undefined, { errorPolicy: ALLOW_ERRORS });
  return context.errors.getErrors().map(({ range, message }) => ({ line: range?.start?.line, rule: "parse", message }));
});
