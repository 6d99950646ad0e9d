import type { ResourceValidationPolicy } from "@pulumi/policy";
import { propsOf } from "./support/stack";
import { at, isMissing, isRecord, listOf, textsOf, UNKNOWN } from "./support/values";

const LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";
const WANTED = { httpTokens: "required", httpPutResponseHopLimit: 1 };

export const launchTemplateKeepsPodsOut: ResourceValidationPolicy = {
    name: "launch-template-keeps-pods-from-the-node-role",
    displayName: "A launch template blocks pods from the node role",
    description:
        "Instance metadata requires a session token (IMDSv2) and has a hop limit of 1, so that pods outside the host network cannot " +
        "get the node role's credentials. Advisory, because pods that use instance metadata would stop working.",
    enforcementLevel: "advisory",
    url: "https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
    remediationSteps:
        "Set metadataOptions to httpTokens required and httpPutResponseHopLimit 1. At the enforcement level remediate, the policy sets both.",
    configSchema: {
        properties: {
            exceptTemplates: {
                type: "array",
                items: { type: "string" },
                default: [],
                description: "Names (in the program) of launch templates whose instances are not nodes.",
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
        // A value that is not known yet stays as it is: it may be correct, and a copy of it would not be a value.
        const isUnknown = !isMissing(options) && (!isRecord(options) || Object.values(options).includes(UNKNOWN));
        return problems.length === 0 || isUnknown
            ? undefined
            : { ...args.props, metadataOptions: { ...(isRecord(options) ? options : {}), ...WANTED } };
    },
    validateResource: (args, reportViolation) => {
        const { exceptTemplates } = args.getConfig<{ exceptTemplates?: unknown }>();
        if (args.type !== LAUNCH_TEMPLATE || textsOf(exceptTemplates).includes(args.name)) {
            return;
        }
        for (const problem of problemsOf(at(propsOf(args.props), "metadataOptions"))) {
            reportViolation(`Pods can use the node role: ${problem}.`);
        }
    },
};

/** An option that is not set is a problem too: the default of the account or the image may have any value. */
function problemsOf(metadataOptions: unknown): string[] {
    if (metadataOptions === UNKNOWN || at(metadataOptions, "httpEndpoint") === "disabled") {
        return [];
    }
    const tokens = at(metadataOptions, "httpTokens");
    const hops = at(metadataOptions, "httpPutResponseHopLimit");
    return [
        ...(tokens === UNKNOWN || tokens === WANTED.httpTokens
            ? []
            : [`metadataOptions.httpTokens is ${shown(tokens)}. Set it to required`]),
        ...(hops === UNKNOWN || hops === WANTED.httpPutResponseHopLimit
            ? []
            : [`metadataOptions.httpPutResponseHopLimit is ${shown(hops)}. Set it to 1`]),
    ];
}

function shown(value: unknown): string {
    return isMissing(value) ? "not set" : JSON.stringify(listOf(value)[0]);
}
