import { PROVIDER_ARN } from "../../support/standIn";
import { Row } from "./rule";

const POD_IDENTITY = { delivery: "podIdentity", clusterName: "production", liveChecks: undefined };
const STEPS = "expected a component that restarts the pods and runs the live checks";
const NO_VALUE = 'expected no value with delivery: "podIdentity"';

function row(title: string, args: object, ...problems: [propertyPath: string, reason: string][]): Row {
    return {
        title: `Pod Identity ${title}`,
        args: { ...POD_IDENTITY, ...args },
        // Whether a name is given, and whether there are live checks, is known at once.
        plain: problems.some(([path]) => ["clusterName", "delivery"].includes(path)),
        problems: problems.map(([propertyPath, reason]) => ({ propertyPath, reason })),
    };
}

const OF_WEB_IDENTITY: [name: string, value: unknown, got: string, why: string][] = [
    [
        "oidcProviderArn",
        PROVIDER_ARN,
        `"${PROVIDER_ARN}"`,
        "the role trusts pods.eks.amazonaws.com, and no OIDC provider",
    ],
    ["additionalOidcProviderArns", [], "[]", "the role trusts pods.eks.amazonaws.com, and no OIDC provider"],
    ["stsRegionalEndpoints", true, "true", "the EKS Pod Identity Agent calls no STS endpoint for the pods"],
    ["tokenExpirationSeconds", 3600, "3600", "the pods get no web identity token"],
    ["overrideExistingServiceAccount", true, "true", "the component then annotates no service account"],
];

/** The rules for the delivery `podIdentity`. */
export const podIdentityRows: Row[] = [
    row("with the name of the cluster", {}),
    row("with another service account", { serviceAccount: { namespace: "network", name: "cni" } }),
    row("with a role of another owner", { existingRoleArn: "arn:aws:iam::111122223333:role/cni" }),
    row("without the name of the cluster", { clusterName: undefined }, [
        "clusterName",
        'expected the cluster\'s name with delivery: "podIdentity" (the association belongs to that cluster), got none; add clusterName',
    ]),
    row("with null for what does not belong to it", {
        ...Object.fromEntries(OF_WEB_IDENTITY.map(([name]) => [name, null])),
    }),
    row("without a takeover of the annotations", { overrideExistingServiceAccount: false }),
    ...OF_WEB_IDENTITY.map(([name, value, got, why]) =>
        row(`with ${name}`, { [name]: value }, [
            name,
            `${NO_VALUE} (${why}), got ${got}; remove ${name}, or use delivery: "serviceAccountPatch"`,
        ]),
    ),
    row("and without live checks", { liveChecks: false }, [
        "delivery",
        `${STEPS}, got liveChecks: false; remove liveChecks, or remove delivery`,
    ]),
    row("and without a rollout", { rollout: { enabled: false } }, [
        "delivery",
        `${STEPS}, got rollout.enabled: false, so no pod gets the role; remove rollout.enabled, or remove delivery`,
    ]),
];
