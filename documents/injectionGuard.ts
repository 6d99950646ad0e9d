import { CREDENTIALS_URI_VARIABLE, POD_IDENTITY_AUDIENCE } from "./podIdentity";
import { ServiceAccountName, TOKEN_AUDIENCE } from "./trustPolicy";

/** The parts of an injection guard that decide which pods it admits. */
export interface GuardedPods {
    readonly serviceAccount: ServiceAccountName;
    /** The roles that a pod may carry. */
    readonly roleArns: readonly string[];
    /** The end of the message. Missing: it has none. */
    readonly advice?: string;
}

/** The spec of the ValidatingAdmissionPolicy, as plain data. */
export interface InjectionGuardSpec {
    failurePolicy: string;
    matchConstraints: {
        namespaceSelector: { matchLabels: Record<string, string> };
        resourceRules: { apiGroups: string[]; apiVersions: string[]; operations: string[]; resources: string[] }[];
    };
    matchConditions: { name: string; expression: string }[];
    variables: { name: string; expression: string }[];
    validations: { expression: string; message: string }[];
}

/** The variable that the webhook sets for a role. */
const TOKEN_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE";

/**
 * Builds the spec of the injection guard. It refuses a pod of the service account unless
 *   - every container has a token file and one of these roles, and the pod has the token's volume, or
 *   - every container has container credentials, which a Pod Identity association gives, and none has a token file.
 *
 * A pod with container credentials shows no role, so the guard cannot compare it. They are admitted with every delivery: while an association
 * exists, the webhook gives no pod anything else, so that a refusal would leave nodes without the plugin. With the delivery `podIdentity`, the list
 * of roles is empty.
 *
 * The policy fails closed. The API server evaluates it itself, so no other service can be unavailable. If the evaluation failed
 * open, a pod without its identity could pass.
 *
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export function injectionGuardSpec({ serviceAccount, roleArns, advice = "" }: GuardedPods): InjectionGuardSpec {
    const message = refusalMessage(serviceAccount) + advice;
    const unlessContainerCredentials = (expression: string) => `variables.containerCredentials || (${expression})`;
    return {
        failurePolicy: "Fail",
        matchConstraints: {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": serviceAccount.namespace } },
            resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
        },
        matchConditions: [
            {
                name: "service-account",
                expression: `object.spec.?serviceAccountName.orValue('') == ${celString(serviceAccount.name)}`,
            },
        ],
        variables: [
            {
                name: "containerCredentials",
                expression: [
                    everyContainer(has(CREDENTIALS_URI_VARIABLE)),
                    everyContainer(`!${has(TOKEN_FILE)}`),
                    hasToken(POD_IDENTITY_AUDIENCE),
                ].join(" && "),
            },
        ],
        validations: [
            everyContainer(has(TOKEN_FILE)),
            everyContainer(has("AWS_ROLE_ARN", ` && e.?value.orValue('') in ${celList(roleArns)}`)),
            hasToken(TOKEN_AUDIENCE),
        ].map((expression) => ({ expression: unlessContainerCredentials(expression), message })),
    };
}

/** The spec of the ValidatingAdmissionPolicyBinding, without which the policy does nothing. */
export function bindingSpec(policyName: string): { policyName: string; validationActions: string[] } {
    return { policyName, validationActions: ["Deny"] };
}

/** The expressions of a live policy. The API server leaves out what is empty. */
export interface LiveExpressions {
    readonly failurePolicy?: string;
    readonly matchConditions?: readonly { readonly expression: string }[];
    readonly variables?: readonly { readonly expression: string }[];
    readonly validations?: readonly { readonly expression: string }[];
}

/**
 * The roles that a live policy admits.
 *
 * Empty if its expressions are not exactly those of an injection guard: an earlier version wrote them, or another party did.
 */
export function admittedRoles(live: LiveExpressions, serviceAccount: ServiceAccountName): string[] {
    return isInjectionGuard(live, serviceAccount) ? rolesIn(live) : [];
}

/** Whether a live policy has exactly the expressions of an injection guard of this version. */
export function isInjectionGuard(live: LiveExpressions, serviceAccount: ServiceAccountName): boolean {
    const expected = injectionGuardSpec({ serviceAccount, roleArns: rolesIn(live) });
    return JSON.stringify(expressionsOf(live)) === JSON.stringify(expressionsOf(expected));
}

const rolesIn = ({ validations = [] }: LiveExpressions) =>
    validations.flatMap(({ expression }) => listedIn(expression));

function expressionsOf({ failurePolicy, matchConditions, variables, validations }: LiveExpressions): unknown {
    const lists = [matchConditions, variables, validations];
    return [failurePolicy, ...lists.map((list = []) => list.map(({ expression }) => expression))];
}

/** `env` may be missing. */
const has = (variable: string, more = "") => `c.?env.orValue([]).exists(e, e.name == ${celString(variable)}${more})`;

const everyContainer = (condition: string) =>
    ["containers", "initContainers"]
        .map((list) => `object.spec.?${list}.orValue([]).all(c, ${condition})`)
        .join(" && ");

const hasToken = (audience: string) =>
    "object.spec.?volumes.orValue([]).exists(v, v.?projected.?sources.orValue([]).exists(s, " +
    `s.?serviceAccountToken.?audience.orValue('') == ${celString(audience)}))`;

/** The path of a role may contain a quote or a backslash: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html */
const celString = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;

const celList = (texts: readonly string[]) => `[${texts.map(celString).join(", ")}]`;

const A_STRING = String.raw`'(?:[^'\\]|\\.)*'`;
const A_LIST = new RegExp(String.raw` in \[((?:${A_STRING}(?:, )?)*)\]`);

/** The strings of the first list in an expression. */
function listedIn(expression: string): string[] {
    const strings = A_LIST.exec(expression)?.[1]?.match(new RegExp(A_STRING, "g")) ?? [];
    return strings.map((text) => text.slice(1, -1).replace(/\\(.)/g, "$1"));
}

/** Each refusal of an injection guard begins with these words. */
export const REFUSED_A_POD = "eks-cni: refused a pod";

/**
 * The message in the DaemonSet's events. An event outlives the component by up to an hour, and the Kubernetes provider shows it
 * in the next update. The line for an emergency in its `advice` is harmless by then: the node roles have their policies, and the binding is gone.
 *
 * Only its line breaks are limited, and not its length: k8s.io/kubernetes pkg/apis/admissionregistration/validation/validation.go, validateValidation.
 */
function refusalMessage({ namespace, name }: ServiceAccountName): string {
    return (
        `${REFUSED_A_POD} of the service account ${namespace}/${name}. The pod does not have the approved CNI role, and the role ` +
        "of its node may no longer have the CNI policy. The DaemonSet controller retries. If pods are still refused after some minutes, " +
        "run pulumi up --refresh."
    );
}
