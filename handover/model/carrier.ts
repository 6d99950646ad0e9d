import type { ServiceAccountName } from "./subject";
import type { CredentialSource } from "./world";

/** A pod of any owner, with what decides whether it uses a role. */
export interface CarrierSeen {
    readonly name: string;
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly credentials: CredentialSource;
}

/** The next pod that the webhook gives the role. */
export function nextCarrier({ namespace, name }: ServiceAccountName, roleArn: string): CarrierSeen {
    return {
        name: `each new pod of ${namespace}/${name}`,
        namespace,
        serviceAccount: name,
        credentials: { kind: "webIdentity", roleArn, regionalSts: undefined },
    };
}
