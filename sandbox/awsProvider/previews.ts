import type { CheckRequest, CheckResult } from "./bridge/check";
import { UNKNOWN, type ValueMap } from "./bridge/values";
import { Provider } from "./provider";
import { RESOURCE_TYPES } from "./resources";
import { serve } from "./serve";

const implemented = new Set(RESOURCE_TYPES.map(({ token }) => token));

/**
 * The stand-in for the AWS provider that also previews the types it does not implement, with the inputs that the
 * program gives them: a policy pack has rules about more types than a sandbox creates. An update of such types fails.
 */
class PreviewProvider extends Provider {
    public override check(type: string, request: Omit<CheckRequest, "defaultTags" | "region">): CheckResult {
        return implemented.has(type) ? super.check(type, request) : { inputs: request.news, failures: [] };
    }

    public override previewCreate(type: string, inputs: ValueMap): ValueMap {
        return implemented.has(type) ? super.previewCreate(type, inputs) : { ...inputs, arn: UNKNOWN };
    }
}

serve(new PreviewProvider(process.env));
