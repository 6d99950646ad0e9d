import * as assert from "assert";
import { KnownArgs, NOT_YET_KNOWN } from "../../../../components/arguments/knownArgs";
import { PlainParts, previewInputs } from "../../../../components/live/previewInputs";

const PROVIDER = "arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/A";
const OTHER = "arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/B";
const ROLE = "arn:aws-cn:iam::111122223333:role/cni";
const MANAGER = "eks-cni/network/production/cni";

const plain: PlainParts = {
    formerFieldManagers: ["eks-cni/shop/prod/former"],
    component: "cni",
    fieldManager: MANAGER,
    ipFamily: "ipv4",
    context: undefined,
    canaryActs: true,
    injectionGuard: true,
    additionalPolicies: false,
    stableSeconds: 20,
    iamPropagationSeconds: 120,
    maxNotReadyNodes: 0,
    delivery: undefined,
    deliverySeconds: 1200,
    inPlugin: false,
};

/** For an existing cluster, whose role does not exist yet. */
const known: KnownArgs = {
    roleArn: NOT_YET_KNOWN,
    record: NOT_YET_KNOWN,
    oidcProviderArn: PROVIDER,
    region: "cn-north-1",
    serviceAccount: { namespace: "kube-system", name: "aws-node" },
    daemonSetName: "aws-node",
    detachFromNodeRoles: ["nodes"],
    ownNodeRoles: [{ name: "nodes", forceDetachPolicies: true }],
};

const annotations = (roleArn: string) => ({ "eks.amazonaws.com/role-arn": roleArn });
const expected = {
    subject: {
        component: "cni",
        fieldManager: MANAGER,
        ipFamily: "ipv4",
        daemonSetName: "aws-node",
        roleArn: "arn:aws-cn:iam::111122223333:role/to-be-created",
        serviceAccount: known["serviceAccount"],
        annotations: annotations("arn:aws-cn:iam::111122223333:role/to-be-created"),
        issuers: ["oidc.eks.cn-north-1.amazonaws.com.cn/id/A"],
    },
    formerFieldManagers: ["eks-cni/shop/prod/former"],
    region: "cn-north-1",
    overrideExistingServiceAccount: false,
    canaryActs: true,
    injectionGuard: true,
    additionalPolicies: false,
    stableSeconds: 20,
    iamPropagationSeconds: 120,
    maxNotReadyNodes: 0,
    deliverySeconds: 1200,
    inPlugin: false,
    detachFromNodeRoles: ["nodes"],
    ownNodeRoles: [{ name: "nodes", forceDetachPolicies: true }],
    record: undefined,
    isNewRole: true,
};

function inputs(more: KnownArgs = {}, parts: Partial<PlainParts> = {}): object {
    const found = previewInputs({ ...plain, ...parts }, { ...known, ...more });
    if (typeof found === "string") {
        throw new Error(found);
    }
    const { injectionGuardName, ...subject } = found.subject;
    assert.match(injectionGuardName, /^eks-cni/);
    return { ...found, subject };
}

const reasonFor = (more: KnownArgs) => previewInputs(plain, { ...known, ...more });

describe("What a preview knows of the hand-over", () => {
    it("includes who delivers the role, and whether the program waits for the plugin", () => {
        const found = inputs({}, { delivery: "external", deliverySeconds: 60, inPlugin: true });
        const { subject } = expected;
        assert.deepStrictEqual(found, {
            ...expected,
            subject: { ...subject, delivery: "external" },
            deliverySeconds: 60,
            inPlugin: true,
        });
    });

    it("is complete before the role is there: it will be in the account of the cluster's provider", () => {
        assert.deepStrictEqual(inputs(), expected);
    });

    it("has the role and its record once they are known", () => {
        const record = { clusterUid: "cluster" };
        assert.deepStrictEqual(inputs({ roleArn: ROLE, record }), {
            ...expected,
            subject: { ...expected.subject, roleArn: ROLE, annotations: annotations(ROLE) },
            record,
            isNewRole: false,
        });
    });

    it("has what is given besides in its place", () => {
        const connection = { kubeconfig: "text", aws: { profile: "p" } };
        const more = { additionalOidcProviderArns: [OTHER], clusterName: "prod", daemonSetName: "cni" };
        const delivered = { stsRegionalEndpoints: true, tokenExpirationSeconds: 3600 };
        const policies = {
            handedOverClusterArns: ["cluster"],
            regions: ["cn-northwest-1"],
            overrideExistingServiceAccount: true,
        };
        assert.deepStrictEqual(
            inputs({ ...connection, ...more, ...delivered, ...policies }, { context: "admin", canaryActs: false }),
            {
                ...expected,
                ...connection,
                ...policies,
                context: "admin",
                canaryActs: false,
                subject: {
                    ...expected.subject,
                    annotations: {
                        ...expected.subject.annotations,
                        "eks.amazonaws.com/sts-regional-endpoints": "true",
                        "eks.amazonaws.com/token-expiration": "3600",
                    },
                    issuers: [...expected.subject.issuers, "oidc.eks.cn-north-1.amazonaws.com.cn/id/B"],
                    clusterName: "prod",
                    daemonSetName: "cni",
                },
            },
        );
    });

    it("is not enough while one of the others is not known", () => {
        for (const name of ["kubeconfig", "aws", "oidcProviderArn", "clusterName", "region", "detachFromNodeRoles"]) {
            assert.strictEqual(reasonFor({ [name]: NOT_YET_KNOWN }), `${name} is not known yet`);
        }
    });

    it("is not enough while a part of one is not known", () => {
        assert.strictEqual(
            reasonFor({ detachFromNodeRoles: ["nodes", NOT_YET_KNOWN] }),
            "detachFromNodeRoles is not known yet",
        );
        assert.strictEqual(reasonFor({ aws: { profile: "p", roleArn: NOT_YET_KNOWN } }), "aws is not known yet");
    });

    it("is not enough, for all that is not known", () => {
        assert.strictEqual(
            reasonFor({ clusterName: NOT_YET_KNOWN, oidcProviderArn: NOT_YET_KNOWN }),
            "oidcProviderArn, clusterName are not known yet",
        );
    });

    it("is not enough if the account of the role is unknown", () => {
        assert.strictEqual(reasonFor({ oidcProviderArn: "" }), "existingRoleArn is not known yet");
    });
});
