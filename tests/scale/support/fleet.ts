/** The cluster on which a size is measured. */
export interface Fleet {
    readonly nodes: number;
    readonly nodeRoles: number;
    readonly subnets: number;
    /** Whether nodes join and leave during `up` and `destroy`. Without, every call is counted exactly. */
    readonly churns: boolean;
}

/** From this number of nodes on, a cluster has many node roles and subnets, and does not stand still. */
const LARGE = 500;
const ROLES_OF_LARGE = 8;
const SUBNETS_OF_LARGE = 24;

/** @param roles As in EKS_CNI_SCALE_ROLES: with it, a cluster of any size is like the large ones. */
export function fleetOf(nodes: number, roles?: string): Fleet {
    return roles || nodes >= LARGE
        ? { nodes, nodeRoles: Number(roles || ROLES_OF_LARGE), subnets: SUBNETS_OF_LARGE, churns: true }
        : { nodes, nodeRoles: 1, subnets: 3, churns: false };
}
