import { Contract, World } from "./contract";
import { makeRole, trust, unique } from "./prerequisites";
import { Properties, text } from "../../../providerClient";

async function subnets({ ec2 }: World): Promise<string[]> {
    const { Subnets } = await ec2.describeSubnets({});
    return (Subnets ?? []).slice(0, 2).flatMap((subnet) => subnet.SubnetId ?? []);
}

async function clusterInputs(world: World): Promise<Properties> {
    return {
        name: unique("contract"),
        roleArn: `arn:aws:iam::111122223333:role/${await makeRole(world, "eks.amazonaws.com")}`,
        version: "1.34",
        vpcConfig: { subnetIds: await subnets(world) },
    };
}

export const cluster: Contract = {
    type: "aws:eks/cluster:Cluster",
    inputs: clusterInputs,
    outputs: ["arn", "endpoint", "certificateAuthority", "identities", "status", "platformVersion"],
    update: {
        inputs: { enabledClusterLogTypes: ["api", "audit"], tags: { Name: "cni" } },
        changes: { enabledClusterLogTypes: "UPDATE", "tags.Name": "ADD", "tagsAll.Name": "ADD" },
    },
    replace: {
        inputs: { kubernetesNetworkConfig: { ipFamily: "ipv6" } },
        replaces: ["kubernetesNetworkConfig"],
        deleteBeforeReplace: true,
    },
    drift: {
        make: async ({ eks }, id) => {
            const { cluster: found } = await eks.describeCluster({ name: id });
            await eks.tagResource({ resourceArn: found?.arn, tags: { by: "hand" } });
        },
        changes: { tags: "DELETE", "tagsAll.by": "DELETE" },
    },
    autoName: "name",
    tags: true,
    vanish: ({ eks }, id) => eks.deleteCluster({ name: id }),
    idPattern: /^contract-\d+$/,
    secretProperty: "version",
    notImplemented: "outpostConfig",
};

async function nodeGroupInputs(world: World): Promise<Properties> {
    const { name, roleArn } = await clusterInputs(world);
    const subnetIds = await subnets(world);
    await world.eks.createCluster({
        name: text(name),
        roleArn: text(roleArn),
        resourcesVpcConfig: { subnetIds },
    });
    return {
        clusterName: text(name),
        nodeGroupName: unique("contract"),
        nodeRoleArn: `arn:aws:iam::111122223333:role/${await makeRole(world)}`,
        scalingConfig: { desiredSize: 1, maxSize: 2, minSize: 1 },
        subnetIds,
    };
}

export const nodeGroup: Contract = {
    type: "aws:eks/nodeGroup:NodeGroup",
    inputs: nodeGroupInputs,
    outputs: ["arn", "status", "resources"],
    update: {
        inputs: {
            scalingConfig: { desiredSize: 2, maxSize: 3, minSize: 1 },
            labels: { pool: "cni" },
            taints: [{ key: "dedicated", value: "cni", effect: "NO_SCHEDULE" }],
        },
        changes: {
            "labels.pool": "ADD",
            "scalingConfig.desiredSize": "UPDATE",
            "scalingConfig.maxSize": "UPDATE",
            taints: "UPDATE",
        },
    },
    replace: { inputs: { instanceTypes: ["m5.large"] }, replaces: ["instanceTypes"], deleteBeforeReplace: true },
    drift: {
        make: ({ eks }, id) => {
            const [clusterName, nodegroupName] = id.split(":");
            const scalingConfig = { desiredSize: 2, maxSize: 2, minSize: 1 };
            return eks.updateNodegroupConfig({ clusterName, nodegroupName, scalingConfig });
        },
        changes: { "scalingConfig.desiredSize": "UPDATE" },
    },
    autoName: "nodeGroupName",
    tags: true,
    vanish: ({ eks }, id) => {
        const [clusterName, nodegroupName] = id.split(":");
        return eks.deleteNodegroup({ clusterName, nodegroupName });
    },
    idPattern: /^contract-\d+:contract-\d+$/,
    secretProperty: "nodeRoleArn",
    notImplemented: "remoteAccess",
};

export async function addOnInputs(world: World): Promise<Properties> {
    const { name, roleArn } = await clusterInputs(world);
    await world.eks.createCluster({ name: text(name), roleArn: text(roleArn), resourcesVpcConfig: {} });
    return {
        clusterName: text(name),
        addonName: "vpc-cni",
        serviceAccountRoleArn: `arn:aws:iam::111122223333:role/${await makeRole(world)}`,
    };
}

function addOnOf(id: string): { clusterName: string | undefined; addonName: string | undefined } {
    const [clusterName, addonName] = id.split(":");
    return { clusterName, addonName };
}

export const addOn: Contract = {
    type: "aws:eks/addon:Addon",
    inputs: addOnInputs,
    outputs: ["arn", "createdAt", "modifiedAt"],
    update: {
        inputs: {
            serviceAccountRoleArn: "arn:aws:iam::111122223333:role/other",
            resolveConflictsOnUpdate: "OVERWRITE",
            tags: { Name: "cni" },
        },
        changes: {
            resolveConflictsOnUpdate: "ADD",
            serviceAccountRoleArn: "UPDATE",
            "tags.Name": "ADD",
            "tagsAll.Name": "ADD",
        },
    },
    replace: { inputs: { addonName: "coredns" }, replaces: ["addonName"], deleteBeforeReplace: false },
    drift: {
        // Without a role, the add-on loses the one that it has.
        make: ({ eks }, id) => eks.updateAddon({ ...addOnOf(id), addonVersion: "v1.23.2-eksbuild.1" }),
        changes: { serviceAccountRoleArn: "ADD" },
    },
    tags: true,
    vanish: ({ eks }, id) => eks.deleteAddon(addOnOf(id)),
    idPattern: /^contract-\d+:vpc-cni$/,
    secretProperty: "serviceAccountRoleArn",
    notImplemented: "namespaceConfig",
};

export async function associationInputs(world: World): Promise<Properties> {
    const { clusterName } = await addOnInputs(world);
    const roleArn = `arn:aws:iam::111122223333:role/${await makeRole(world, "pods.eks.amazonaws.com")}`;
    return { clusterName: text(clusterName), namespace: "kube-system", serviceAccount: "aws-node", roleArn };
}

const sharedRole = "pods-of-contract";

/** The second role of an update, which every test shares. */
async function withSharedRole(world: World): Promise<Properties> {
    const AssumeRolePolicyDocument = trust("pods.eks.amazonaws.com");
    await world.iam.createRole({ RoleName: sharedRole, AssumeRolePolicyDocument }).catch(() => undefined);
    return associationInputs(world);
}

const otherRoleArn = `arn:aws:iam::111122223333:role/${sharedRole}`;

export const podIdentityAssociation: Contract = {
    type: "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    inputs: withSharedRole,
    outputs: ["associationArn", "associationId"],
    update: {
        inputs: { roleArn: otherRoleArn, disableSessionTags: true, tags: { Name: "cni" } },
        changes: {
            disableSessionTags: "UPDATE",
            roleArn: "UPDATE",
            "tags.Name": "ADD",
            "tagsAll.Name": "ADD",
        },
    },
    replace: { inputs: { serviceAccount: "other" }, replaces: ["serviceAccount"], deleteBeforeReplace: false },
    drift: {
        make: async ({ eks }, associationId) => {
            const { clusters = [] } = await eks.listClusters({});
            for (const clusterName of clusters) {
                await eks
                    .updatePodIdentityAssociation({ clusterName, associationId, roleArn: otherRoleArn })
                    .catch(() => undefined);
            }
        },
        changes: { roleArn: "UPDATE" },
    },
    tags: true,
    vanish: ({ eks }, associationId, { clusterName }) =>
        eks.deletePodIdentityAssociation({ clusterName: text(clusterName), associationId }),
    idPattern: /^a-[0-9a-z]{17}$/,
    importId: (id, { clusterName }) => `${text(clusterName)},${id}`,
    secretProperty: "roleArn",
    notImplemented: "policy",
};
