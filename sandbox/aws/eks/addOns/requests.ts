/** https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html (resolveConflicts) */
export type ResolveConflicts = "NONE" | "OVERWRITE" | "PRESERVE";

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_AddonPodIdentityAssociations.html */
export interface WantedAssociation {
    readonly serviceAccount: string;
    readonly roleArn: string;
}

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html */
export interface UpdateAddOn {
    readonly addonVersion?: string | undefined;
    readonly serviceAccountRoleArn?: string | undefined;
    readonly resolveConflicts?: ResolveConflicts | undefined;
    readonly configurationValues?: string | undefined;
    readonly podIdentityAssociations?: readonly WantedAssociation[] | undefined;
    readonly clientRequestToken?: string | undefined;
}

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html */
export interface CreateAddOn extends UpdateAddOn {
    readonly addonName?: string;
    readonly tags?: Readonly<Record<string, string>>;
}
