import type { CredentialSource } from "./world";

/** A pod of any owner, with what decides whether it uses a role. */
export interface CarrierSeen {
    readonly name: string;
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly credentials: CredentialSource;
}
