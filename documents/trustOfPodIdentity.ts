import { canonicalJson, isRecord, list, member, texts } from "./json";
import { type AssociatedAccount, POD_IDENTITY_ACTIONS, POD_IDENTITY_SERVICE, requestTags } from "./podIdentity";
import { isAboutAction, readStatements } from "./policyStatements";

/** The answer of a trust policy of any writer to EKS Pod Identity. "undecided": only a call of the service shows it. */
export type TrustOfPodIdentity = "yes" | "no" | "undecided";

/**
 * Whether a role's trust policy admits EKS Pod Identity for the pods of a service account. It must admit the session tags, too.
 *
 * It is one look, and not IAM: of conditions, it knows the component's own, and other values in their place. The call decides about any other.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
 */
export function trustOfPodIdentity(document: unknown, account: AssociatedAccount): TrustOfPodIdentity {
    const each = POD_IDENTITY_ACTIONS.map((action) => trustFor(document, action, requestTags(account)));
    return (["no", "undecided"] as const).find((answer) => each.includes(answer)) ?? "yes";
}

type Tags = Readonly<Record<string, string>>;

function trustFor(document: unknown, action: string, tags: Tags): TrustOfPodIdentity {
    const about = list(member(document, "Statement")).flatMap((statement) =>
        readStatements({ Statement: statement })
            .filter((read) => isAboutAction(read, action) && isService(member(statement, "Principal")))
            .map(({ effect }) => ({ effect, met: conditionMet(member(statement, "Condition"), tags) })),
    );
    const of = (wanted: "Allow" | "Deny") => about.flatMap(({ effect, met }) => (effect === wanted ? [met] : []));
    const [allows, denies] = [of("Allow"), of("Deny")];
    if (denies.includes("yes") || allows.every((met) => met === "no")) {
        return "no";
    }
    return allows.includes("yes") && !denies.includes("undecided") ? "yes" : "undecided";
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
function isService(principal: unknown): boolean {
    const named = isRecord(principal) ? texts(principal["AWS"]) : texts(principal);
    return named.includes("*") || texts(member(principal, "Service")).includes(POD_IDENTITY_SERVICE);
}

function conditionMet(condition: unknown, tags: Tags): TrustOfPodIdentity {
    if (condition === undefined || canonicalJson(condition) === canonicalJson({ StringEquals: tags })) {
        return "yes";
    }
    const equals = member(condition, "StringEquals");
    const isOther = Object.entries(isRecord(equals) ? equals : {}).some(
        // A policy variable (`${…}`) may stand for the value.
        ([key, values]) => key in tags && !texts(values).some((one) => one === tags[key] || one.includes("${")),
    );
    return isOther ? "no" : "undecided";
}
