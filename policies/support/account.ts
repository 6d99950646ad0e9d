import type { PolicyConfigSchema } from "@pulumi/policy";

/** The configuration of the rules that ask about the service account: whose it is, if not the plugin's own. */
export const accountSchema: PolicyConfigSchema = {
    properties: {
        namespace: {
            type: "string",
            default: "kube-system",
            description: "The namespace of the CNI's service account.",
        },
        serviceAccount: { type: "string", default: "aws-node", description: "The name of the CNI's service account." },
    },
};

export interface Account {
    readonly namespace: string;
    readonly name: string;
    /** As it stands in a token's subject, behind `system:serviceaccount:`. */
    readonly full: string;
}

/** The engine hands over what is configured, without the schema's defaults, where a pack runs by its path. */
export function accountOf(config: object): Account {
    const { namespace, serviceAccount }: { namespace?: unknown; serviceAccount?: unknown } = config;
    const [space, name] = [textOr(namespace, "kube-system"), textOr(serviceAccount, "aws-node")];
    return { namespace: space, name, full: `${space}:${name}` };
}

function textOr(value: unknown, otherwise: string): string {
    return typeof value === "string" ? value : otherwise;
}
