import { Contract } from "./contract";
import { CNI_POLICY, makeRole, permissions, trust, unique, WORKER_POLICY } from "./prerequisites";
import { text } from "../../../providerClient";

export const role: Contract = {
    type: "aws:iam/role:Role",
    inputs: () =>
        Promise.resolve({ assumeRolePolicy: trust("ec2.amazonaws.com"), name: unique("contract"), description: "one" }),
    outputs: ["arn", "uniqueId", "createDate"],
    update: {
        inputs: {
            assumeRolePolicy: trust("eks.amazonaws.com"),
            description: "two",
            maxSessionDuration: 7200,
            permissionsBoundary: CNI_POLICY,
            tags: { Name: "cni" },
        },
        changes: {
            assumeRolePolicy: "UPDATE",
            description: "UPDATE",
            maxSessionDuration: "UPDATE",
            permissionsBoundary: "UPDATE",
            "tags.Name": "ADD",
            "tagsAll.Name": "ADD",
        },
    },
    replace: { inputs: { path: "/cni/" }, replaces: ["path"], deleteBeforeReplace: true },
    drift: {
        make: async ({ iam }, id) => {
            await iam.updateRole({ RoleName: id, Description: "changed by hand" });
            await iam.tagRole({ RoleName: id, Tags: [{ Key: "by", Value: "hand" }] });
        },
        changes: { description: "UPDATE", tags: "DELETE", "tagsAll.by": "DELETE" },
    },
    autoName: "name",
    tags: true,
    vanish: ({ iam }, id) => iam.deleteRole({ RoleName: id }),
    idPattern: /^contract-\d+$/,
    secretProperty: "description",
};

export const policy: Contract = {
    type: "aws:iam/policy:Policy",
    inputs: () => Promise.resolve({ policy: permissions("ec2:DescribeInstances"), name: unique("contract") }),
    outputs: ["arn", "policyId", "attachmentCount"],
    update: {
        inputs: { policy: permissions("ec2:DescribeSubnets"), tags: { Name: "cni" } },
        changes: { policy: "UPDATE", "tags.Name": "ADD", "tagsAll.Name": "ADD" },
    },
    replace: { inputs: { description: "new" }, replaces: ["description"], deleteBeforeReplace: true },
    drift: {
        make: ({ iam }, id) =>
            iam.createPolicyVersion({ PolicyArn: id, PolicyDocument: permissions("s3:*"), SetAsDefault: true }),
        changes: { policy: "UPDATE" },
    },
    autoName: "name",
    tags: true,
    vanish: ({ iam }, id) => iam.deletePolicy({ PolicyArn: id }),
    idPattern: /^arn:aws:iam::111122223333:policy\/contract-\d+$/,
    secretProperty: "name",
    notImplemented: "delayAfterPolicyCreationInMs",
};

export const rolePolicyAttachment: Contract = {
    type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    inputs: async (world) => ({ role: await makeRole(world), policyArn: CNI_POLICY }),
    outputs: [],
    replace: { inputs: { policyArn: WORKER_POLICY }, replaces: ["policyArn"], deleteBeforeReplace: true },
    tags: false,
    vanish: ({ iam }, _id, state) => iam.detachRolePolicy({ RoleName: text(state["role"]), PolicyArn: CNI_POLICY }),
    idPattern: /^role-\d+\/arn:aws:iam::aws:policy\/AmazonEKS_CNI_Policy$/,
    secretProperty: "role",
};

export const rolePolicyAttachmentsExclusive: Contract = {
    type: "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
    inputs: async (world) => ({ roleName: await makeRole(world), policyArns: [CNI_POLICY] }),
    outputs: [],
    update: { inputs: { policyArns: [WORKER_POLICY] }, changes: { policyArns: "UPDATE" } },
    replace: { inputs: { roleName: "another" }, replaces: ["roleName"], deleteBeforeReplace: false },
    drift: {
        make: ({ iam }, id) => iam.attachRolePolicy({ RoleName: id, PolicyArn: WORKER_POLICY }),
        changes: { policyArns: "UPDATE" },
    },
    tags: false,
    vanish: async ({ iam }, id) => {
        await iam.detachRolePolicy({ RoleName: id, PolicyArn: CNI_POLICY });
        await iam.deleteRole({ RoleName: id });
    },
    leavesOnDelete: true,
    idPattern: /^role-\d+$/,
    secretProperty: "roleName",
};

export const openIdConnectProvider: Contract = {
    type: "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    inputs: () =>
        Promise.resolve({
            url: `https://oidc.eks.us-west-2.amazonaws.com/id/${unique("ISSUER")}`,
            clientIdLists: ["sts.amazonaws.com"],
            thumbprintLists: ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
        }),
    outputs: ["arn"],
    update: {
        inputs: { thumbprintLists: ["0000000000000000000000000000000000000000"], tags: { Name: "cni" } },
        changes: { thumbprintLists: "UPDATE", "tags.Name": "ADD", "tagsAll.Name": "ADD" },
    },
    replace: {
        inputs: { url: "https://oidc.eks.us-west-2.amazonaws.com/id/ANOTHER" },
        replaces: ["url"],
        deleteBeforeReplace: false,
    },
    drift: {
        make: ({ iam }, id) =>
            iam.updateOpenIDConnectProviderThumbprint({
                OpenIDConnectProviderArn: id,
                ThumbprintList: ["1111111111111111111111111111111111111111"],
            }),
        changes: { thumbprintLists: "UPDATE" },
    },
    tags: true,
    vanish: ({ iam }, id) => iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn: id }),
    idPattern: /^arn:aws:iam::111122223333:oidc-provider\/oidc\.eks\.us-west-2\.amazonaws\.com\/id\/ISSUER-\d+$/,
    secretProperty: "thumbprintLists",
};

export const instanceProfile: Contract = {
    type: "aws:iam/instanceProfile:InstanceProfile",
    inputs: async (world) => ({ name: unique("contract"), role: await makeRole(world) }),
    outputs: ["arn", "uniqueId", "createDate"],
    update: { inputs: { tags: { Name: "cni" } }, changes: { "tags.Name": "ADD", "tagsAll.Name": "ADD" } },
    replace: { inputs: { path: "/cni/" }, replaces: ["path"], deleteBeforeReplace: true },
    drift: {
        make: async (world, id) => {
            const { InstanceProfile } = await world.iam.getInstanceProfile({ InstanceProfileName: id });
            const RoleName = InstanceProfile?.Roles?.[0]?.RoleName;
            await world.iam.removeRoleFromInstanceProfile({ InstanceProfileName: id, RoleName });
            await world.iam.addRoleToInstanceProfile({ InstanceProfileName: id, RoleName: await makeRole(world) });
        },
        changes: { role: "UPDATE" },
    },
    autoName: "name",
    tags: true,
    vanish: async ({ iam }, id, state) => {
        await iam.removeRoleFromInstanceProfile({ InstanceProfileName: id, RoleName: text(state["role"]) });
        await iam.deleteInstanceProfile({ InstanceProfileName: id });
    },
    idPattern: /^contract-\d+$/,
    secretProperty: "role",
};
