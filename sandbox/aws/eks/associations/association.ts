/** https://docs.aws.amazon.com/eks/latest/APIReference/API_PodIdentityAssociation.html */
export interface Association {
    readonly clusterName: string;
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly roleArn: string;
    readonly associationArn: string;
    readonly associationId: string;
    /** The ARN of the add-on that owns the association. */
    readonly ownerArn?: string;
    readonly createdAt: number;
    readonly modifiedAt: number;
    readonly tags: Readonly<Record<string, string>>;
    readonly disableSessionTags: boolean;
    readonly targetRoleArn?: string;
    /** What EKS presents to the target role. */
    readonly externalId?: string;
    /** The text of a session policy. */
    readonly policy?: string;
}

/** The parts of an association that UpdatePodIdentityAssociation changes. */
export interface ChangeableParts {
    readonly roleArn?: string;
    readonly targetRoleArn?: string;
    readonly disableSessionTags?: boolean;
    readonly policy?: string;
}

export interface UpdateAssociation extends ChangeableParts {
    readonly clientRequestToken?: string;
}

export interface CreateAssociation extends UpdateAssociation {
    readonly namespace?: string;
    readonly serviceAccount?: string;
    readonly tags?: Readonly<Record<string, string>>;
}
