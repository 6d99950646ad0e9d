/** The size of the cluster, and its delays. */
export interface Sizes {
    readonly nodes: number;
    /** The nodes are spread evenly over them. */
    readonly subnets: number;
    readonly podReadySeconds: number;
    /** The time until IAM enforces a change. */
    readonly enforcementSeconds: number;
    /** Arguments of the component. Its waits are short: changes take seconds here, and minutes on AWS. */
    readonly component: {
        readonly stableSeconds: number;
        readonly iamPropagationSeconds: number;
        readonly timeouts: Readonly<Record<string, number>>;
    };
}

export const FULL: Sizes = {
    nodes: 12,
    subnets: 4,
    podReadySeconds: 1.5,
    enforcementSeconds: 3,
    component: {
        stableSeconds: 3,
        iamPropagationSeconds: 5,
        timeouts: {
            proofSeconds: 30,
            canarySeconds: 30,
            verificationSeconds: 120,
            handBackSeconds: 180,
        },
    },
};

export const QUICK: Sizes = {
    nodes: 3,
    subnets: 2,
    podReadySeconds: 0.7,
    enforcementSeconds: 1,
    component: {
        stableSeconds: 1,
        iamPropagationSeconds: 2,
        timeouts: {
            proofSeconds: 20,
            canarySeconds: 15,
            verificationSeconds: 60,
            handBackSeconds: 90,
        },
    },
};
