import type { ResourceValidationPolicy } from "@pulumi/policy";
import { propsOf } from "./support/stack";
import { at, isMissing, isRecord, listOf, textsOf, UNKNOWN } from "./support/values";

const LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";
const WANTED = { httpTokens: "required", httpPutResponseHopLimit: 1 };

export const launchTemplateKeepsPodsOut: ResourceValidationPolicy = {
    name: "launch-template-keeps-pods-from-the-node-role",
    displayName: "A launch template keeps pods from the node role",
    description:
        "Instance metadata asks for a token (IMDSv2) and answers one hop away only, so that pods with a network of their own do not " +
        "reach the node role's credentials. Advisory: pods that use the metadata stop working.",
    enforcementLevel: "advisory",
    url: "https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
    remediationSteps: "Set metadataOptions to httpTokens required and httpPutResponseHopLimit 1; remediate does so.",
    configSchema: {
        properties: {
            exceptTemplates: {
                type: "array",
                items: { type: "string" },
                default: [],
                description: "Names, in the program, of launch templates that are for other instances than nodes.",
            },
        },
    },
    remediateResource: (args) => {
        const { exceptTemplates } = args.getConfig<{ exceptTemplates?: unknown }>();
        if (args.type !== LAUNCH_TEMPLATE || textsOf(exceptTemplates).includes(args.name)) {
            return undefined;
        }
        const options = at(propsOf(args.props), "metadataOptions");
        const problems = problemsOf(options);
        // What is not known yet stays as it is: it may be right, and a copy of it would be no value at all.
        const settable = !isMissing(options) && (!isRecord(options) || Object.values(options).includes(UNKNOWN));
        return problems.length === 0 || settable
            ? undefined
            : { ...args.props, metadataOptions: { ...(isRecord(options) ? options : {}), ...WANTED } };
    },
    validateResource: (args, reportViolation) => {
        const { exceptTemplates } = args.getConfig<{ exceptTemplates?: unknown }>();
        if (args.type !== LAUNCH_TEMPLATE || textsOf(exceptTemplates).includes(args.name)) {
            return;
        }
        for (const problem of problemsOf(at(propsOf(args.props), "metadataOptions"))) {
            reportViolation(`Pods reach the node role: ${problem}.`);
        }
    },
};

/** What is not set is the default of the account or of the image, which may be anything. */
function problemsOf(metadataOptions: unknown): string[] {
    if (metadataOptions === UNKNOWN || at(metadataOptions, "httpEndpoint") === "disabled") {
        return [];
    }
    const tokens = at(metadataOptions, "httpTokens");
    const hops = at(metadataOptions, "httpPutResponseHopLimit");
    return [
        ...(tokens === UNKNOWN || tokens === WANTED.httpTokens
            ? []
            : [`metadataOptions.httpTokens is ${shown(tokens)}, set it to required`]),
        ...(hops === UNKNOWN || hops === WANTED.httpPutResponseHopLimit
            ? []
            : [`metadataOptions.httpPutResponseHopLimit is ${shown(hops)}, set it to 1`]),
    ];
}

function shown(value: unknown): string {
    return isMissing(value) ? "not set" : JSON.stringify(listOf(value)[0]);
}
