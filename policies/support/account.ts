import type { PolicyConfigSchema } from "@pulumi/policy";

/** The configuration of the rules about the service account, for a service account other than the plugin's default. */
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
    /** As in a token's subject, after `system:serviceaccount:`. */
    readonly full: string;
}

/** If a pack runs from a path, the engine passes only the configured values, without the schema's defaults. */
export function accountOf(config: object): Account {
    const { namespace, serviceAccount }: { namespace?: unknown; serviceAccount?: unknown } = config;
    const [space, name] = [textOr(namespace, "kube-system"), textOr(serviceAccount, "aws-node")];
    return { namespace: space, name, full: `${space}:${name}` };
}

function textOr(value: unknown, otherwise: string): string {
    return typeof value === "string" ? value : otherwise;
}
