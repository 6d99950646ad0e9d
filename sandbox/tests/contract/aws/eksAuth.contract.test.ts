import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { DescribeNetworkInterfacesCommand } from "@aws-sdk/client-ec2";
import {
    CreateClusterCommand,
    CreatePodIdentityAssociationCommand,
    type CreatePodIdentityAssociationCommandInput,
    DeletePodIdentityAssociationCommand,
    UpdatePodIdentityAssociationCommand,
} from "@aws-sdk/client-eks";
import { PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import type { EksAuthCall } from "../../../aws/eksAuth/callLog";
import { unauthorized, wouldSucceed, noPolicy } from "./refusals";
import {
    accountId,
    assertRefused,
    clients,
    operator,
    permissions,
    podIdentityTrust,
    region,
    trusting,
} from "./support";
import { useIam } from "./useIam";
import { useIssuer } from "./useIssuer";

const clusterName = "authorised";
const clusterArn = `arn:aws:eks:${region}:${accountId}:cluster/${clusterName}`;
const roleOf = (name: string) => `arn:aws:iam::${accountId}:role/${name}`;
const podOf = (serviceAccount: string, namespace = "kube-system") => ({
    namespace,
    serviceaccount: { name: serviceAccount, uid: "1" },
    pod: { name: "aws-node-1", uid: "uid-1" },
});

interface Keys {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
}

interface Granted {
    readonly subject: object;
    readonly audience: string;
    readonly podIdentityAssociation: { readonly associationArn: string; readonly associationId: string };
    readonly assumedRoleUser: { readonly arn: string; readonly assumeRoleId: string };
    readonly credentials: Required<Keys> & { readonly expiration: number };
}

/** Without the time of their end, which SDKs want as a date. */
const keysOf = ({ accessKeyId, secretAccessKey, sessionToken }: Required<Keys>) => ({
    accessKeyId,
    secretAccessKey,
    sessionToken,
});

describe("EKS Auth of the AWS stand-in", () => {
    const account = useIam();
    const issuer = useIssuer(account, "EKSAUTH");
    const eks = () => account.fixture.eks;
    before(async () => {
        const of = { name: clusterName, roleArn: roleOf("cluster"), resourcesVpcConfig: {} };
        await eks().send(new CreateClusterCommand(of));
        const access = { endpoint: "https://127.0.0.1", certificateAuthority: "", issuer: issuer.url };
        account.fixture.api.describeCluster(clusterName, access);
        await account.createRole("auth-plain", podIdentityTrust());
    });
    let made: string[] = [];
    afterEach(async () => {
        account.fixture.api.setAssociationDelays({ eksAuth: [0, 0] });
        for (const associationId of made) {
            await eks().send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));
        }
        made = [];
    });
    const associate = async (role: string, more: Partial<CreatePodIdentityAssociationCommandInput> = {}) => {
        const of = { clusterName, namespace: "kube-system", serviceAccount: "aws-node", roleArn: roleOf(role) };
        const { association } = await eks().send(new CreatePodIdentityAssociationCommand({ ...of, ...more }));
        const { associationId = "" } = association ?? {};
        made.push(associationId);
        return associationId;
    };
    /** A token of a pod of aws-node, with other claims. */
    const tokenWith = (claims: object = {}) =>
        issuer.issuer.token({ aud: "pods.eks.amazonaws.com", "kubernetes.io": podOf("aws-node"), ...claims });
    const ask = async (token: string, keys: Keys = operator, cluster = clusterName) => {
        const response = await fetch(
            `${account.fixture.api.endpoint}/clusters/${cluster}/assume-role-for-pod-identity`,
            {
                method: "POST",
                headers: {
                    "content-type": "application/json",
                    authorization: `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/20260101/${region}/eks-auth/aws4_request, SignedHeaders=host, Signature=0`,
                    ...(keys.sessionToken && { "x-amz-security-token": keys.sessionToken }),
                },
                body: JSON.stringify({ token }),
            },
        );
        const text = await response.text();
        return {
            status: response.status,
            code: response.headers.get("x-amzn-errortype"),
            body: JSON.parse(text) as unknown,
        };
    };
    const granted = async (token: string, keys: Keys = operator) => {
        const { status, body } = await ask(token, keys);
        assert.equal(status, 200, JSON.stringify(body));
        return body as Granted;
    };
    const refused = async (token: string, keys: Keys = operator, cluster = clusterName) => {
        const { status, code, body } = await ask(token, keys, cluster);
        return [status, code, (body as { message?: string }).message];
    };
    const invalidToken = [400, "InvalidTokenException", "The specified Kubernetes service account token is invalid."];
    const notTrusted = [
        400,
        "AccessDeniedException",
        "Unauthorized Exception! EKS does not have permissions to assume the associated role.",
    ];
    const unknown = [404, "ResourceNotFoundException", "No association found for the service account."];

    it("answers with credentials of the association's role, in the form of AWS's model", async () => {
        const associationId = await associate("auth-plain");
        const { credentials, ...rest } = await granted(await tokenWith());
        const { arn } = rest.assumedRoleUser;
        assert.match(arn, /^arn:aws:sts::\d+:assumed-role\/auth-plain\/eks-authorised-aws-node-1-[-0-9a-f]{36}$/);
        assert.deepEqual(rest, {
            subject: { namespace: "kube-system", serviceAccount: "aws-node" },
            audience: "pods.eks.amazonaws.com",
            podIdentityAssociation: {
                associationArn: `arn:aws:eks:${region}:${accountId}:podidentityassociation/${clusterName}/${associationId}`,
                associationId,
            },
            assumedRoleUser: { arn, assumeRoleId: rest.assumedRoleUser.assumeRoleId },
        });
        const hours = (credentials.expiration * 1000 - Date.now()) / 3_600_000;
        assert.ok(hours > 5.99 && hours <= 6, `${hours} h`);
        const { sts } = clients(account.fixture.api.endpoint, keysOf(credentials));
        assert.equal((await sts.send(new GetCallerIdentityCommand({}))).Arn, arn);
    });

    const tokens: [string, object, unknown[]][] = [
        ["for another audience", { aud: "sts.amazonaws.com" }, invalidToken],
        ["of another issuer", { iss: "https://oidc.eks.us-west-2.amazonaws.com/id/OTHER" }, invalidToken],
        [
            "that is bound to no pod",
            { "kubernetes.io": { namespace: "kube-system", serviceaccount: { name: "aws-node" } } },
            invalidToken,
        ],
        [
            "that has expired",
            { exp: Math.floor(Date.now() / 1000) - 1 },
            [400, "ExpiredTokenException", "The specified Kubernetes service account token is expired."],
        ],
        ["of another service account", { "kubernetes.io": podOf("other") }, unknown],
        ["of another namespace", { "kubernetes.io": podOf("aws-node", "default") }, unknown],
    ];
    for (const [which, claims, expected] of tokens) {
        it(`refuses a token ${which}`, async () => {
            await associate("auth-plain");
            assert.deepEqual(await refused(await tokenWith(claims)), expected);
        });
    }

    it("refuses what is no token, a token with another signature, and one of another cluster", async () => {
        await associate("auth-plain");
        const token = await tokenWith();
        assert.deepEqual(await refused("no"), invalidToken);
        assert.deepEqual(await refused(`${token.slice(0, -8)}AAAAAAAA`), invalidToken);
        assert.deepEqual(await refused(token, operator, "unknown"), invalidToken);
    });

    const tags = {
        "eks-cluster-arn": clusterArn,
        "eks-cluster-name": clusterName,
        "kubernetes-namespace": "kube-system",
        "kubernetes-service-account": "aws-node",
        "kubernetes-pod-name": "aws-node-1",
        "kubernetes-pod-uid": "uid-1",
    };
    for (const [tag, value] of Object.entries(tags)) {
        it(`sends the request tag ${tag}, which the trust policy may want`, async () => {
            const [trusting, other] = [`auth-${tag}`, `auth-other-${tag}`];
            await account.createRole(trusting, podIdentityTrust({ [tag]: value }));
            await account.createRole(other, podIdentityTrust({ [tag]: "other" }));
            const associationId = await associate(trusting);
            await granted(await tokenWith());
            await eks().send(
                new UpdatePodIdentityAssociationCommand({ clusterName, associationId, roleArn: roleOf(other) }),
            );
            assert.deepEqual(await refused(await tokenWith()), notTrusted);
        });
    }

    const trustOf = (Action: string) =>
        JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Principal: { Service: "pods.eks.amazonaws.com" }, Action }],
        });

    it("needs sts:TagSession in the trust policy, but not without session tags", async () => {
        await account.createRole("auth-untagged", trustOf("sts:AssumeRole"));
        const associationId = await associate("auth-untagged");
        assert.deepEqual(await refused(await tokenWith()), notTrusted);
        const of = { clusterName, associationId, disableSessionTags: true };
        await eks().send(new UpdatePodIdentityAssociationCommand(of));
        await granted(await tokenWith());
    });

    it("sends no tags without session tags, so that conditions on them do not hold", async () => {
        await account.createRole("auth-conditional", podIdentityTrust({ "kubernetes-namespace": "kube-system" }));
        await associate("auth-conditional", { disableSessionTags: true });
        assert.deepEqual(await refused(await tokenWith()), notTrusted);
    });

    it("tags the session, so that a policy of the role may want a tag", async () => {
        await account.createRole("auth-tagged", podIdentityTrust());
        const put = (namespace: string) => {
            const Condition = { StringEquals: { "aws:PrincipalTag/kubernetes-namespace": namespace } };
            const Statement = [{ Effect: "Allow", Action: "ec2:Describe*", Resource: "*", Condition }];
            const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
            return account.fixture.iam.send(
                new PutRolePolicyCommand({ RoleName: "auth-tagged", PolicyName: "tags", PolicyDocument }),
            );
        };
        await put("kube-system");
        await associate("auth-tagged");
        const { credentials, assumedRoleUser } = await granted(await tokenWith());
        const { ec2 } = clients(account.fixture.api.endpoint, keysOf(credentials));
        const look = () => ec2.send(new DescribeNetworkInterfacesCommand({ DryRun: true }));
        await assertRefused(look(), wouldSucceed);
        await put("default");
        const action = "ec2:DescribeNetworkInterfaces";
        await assertRefused(look(), unauthorized(assumedRoleUser.arn, action, noPolicy(action)));
    });

    it("assumes the target role with the association's role, which both must allow, for 59 minutes", async () => {
        await account.createRole("auth-source", podIdentityTrust());
        const trust = trusting(roleOf("auth-source")).replace(
            '"sts:AssumeRole"',
            '["sts:AssumeRole","sts:TagSession"]',
        );
        await account.createRole("auth-target", trust);
        await associate("auth-source", { targetRoleArn: roleOf("auth-target") });
        const { credentials, assumedRoleUser } = await granted(await tokenWith());
        assert.match(assumedRoleUser.arn, /:assumed-role\/auth-target\//);
        const minutes = (credentials.expiration * 1000 - Date.now()) / 60_000;
        assert.ok(minutes > 58.9 && minutes <= 59, `${minutes} min`);
    });

    it("refuses a target role that does not trust the association's role, and presents the external id without session tags", async () => {
        await account.createRole("auth-second-source", podIdentityTrust());
        const id = `${region}/${accountId}/${clusterName}/kube-system/aws-node`;
        const condition = { Condition: { StringEquals: { "sts:ExternalId": id } } };
        await account.createRole("auth-second-target", trusting(roleOf("auth-second-source"), condition));
        const targetRoleArn = roleOf("auth-second-target");
        const associationId = await associate("auth-second-source", { targetRoleArn });
        assert.deepEqual(await refused(await tokenWith()), notTrusted);
        const of = { clusterName, associationId, disableSessionTags: true };
        await eks().send(new UpdatePodIdentityAssociationCommand(of));
        await granted(await tokenWith());
    });

    it("asks the caller for the right on the cluster", async () => {
        await associate("auth-plain");
        const action = "eks-auth:AssumeRoleForPodIdentity";
        const { api } = account.fixture;
        await granted(await tokenWith(), api.createUser("auth-allowed", [permissions(action, clusterArn)]));
        for (const [name, resource] of [
            ["auth-other", `${clusterArn}-2`],
            ["auth-none", ""],
        ] as const) {
            const user = api.createUser(name, resource === "" ? [] : [permissions(action, resource)]);
            const message = `User: ${user.arn} is not authorized to perform: ${action} on resource: ${clusterArn} ${noPolicy(action)}`;
            assert.deepEqual(await refused(await tokenWith(), user), [400, "AccessDeniedException", message]);
        }
    });

    it("answers by its own view of the associations, which is late, and by turns where its servers differ", async () => {
        const { api } = account.fixture;
        await account.createRole("auth-late", podIdentityTrust());
        api.setAssociationDelays({ eksAuth: ["never", 0] });
        const associationId = await associate("auth-plain");
        const outcomes = async () => {
            const all = [];
            for (let count = 0; count < 4; count++) {
                const { status, body } = await ask(await tokenWith());
                all.push(status === 200 ? (body as Granted).assumedRoleUser.arn.split("/")[1] : status);
            }
            return [new Set(all), all[0] === all[2] && all[1] === all[3]];
        };
        assert.deepEqual(await outcomes(), [new Set([404, "auth-plain"]), true]);
        api.setAssociationDelays({ eksAuth: [0, 0] });
        api.setAssociationDelays({ eksAuth: ["never", 0] });
        const of = { clusterName, associationId, roleArn: roleOf("auth-late") };
        await eks().send(new UpdatePodIdentityAssociationCommand(of));
        assert.deepEqual(await outcomes(), [new Set(["auth-plain", "auth-late"]), true]);
        await eks().send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));
        made = [];
        assert.deepEqual(await outcomes(), [new Set(["auth-plain", 404]), true]);
    });

    it("logs each call, granted and refused, as CloudTrail has an event for each", async () => {
        const since = Date.now();
        const associationId = await associate("auth-plain");
        await granted(await tokenWith());
        await refused(await tokenWith({ "kubernetes.io": podOf("other") }));
        const text = readFileSync(join(account.fixture.directory, "eks-auth-calls.jsonl"), "utf8");
        const calls = text
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line) as EksAuthCall);
        const call = { caller: `arn:aws:iam::${accountId}:user/operator`, clusterName };
        const { namespace, serviceaccount, pod } = podOf("aws-node");
        const ofPod = { namespace, serviceAccount: serviceaccount.name, podName: pod.name, podUid: pod.uid };
        const [code, message] = unknown.slice(1);
        assert.deepEqual(
            calls.filter(({ time }) => time >= since).map((of) => ({ ...of, time: 0 })),
            [
                { time: 0, ...call, ...ofPod, associationId, roleArn: roleOf("auth-plain") },
                { time: 0, ...call, error: code, message },
            ],
        );
    });

    it("does not offer session policies, nor another call, and says so", async () => {
        const policy = permissions("ec2:*");
        await associate("auth-plain", { policy, disableSessionTags: true });
        const [status, code] = await refused(await tokenWith());
        assert.deepEqual([status, code], [501, "NotImplemented"]);
        const headers = {
            authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/eks-auth/aws4_request, SignedHeaders=host, Signature=0`,
        };
        const other = await fetch(`${account.fixture.api.endpoint}/clusters/a/other`, { headers });
        assert.deepEqual([other.status, other.headers.get("x-amzn-errortype")], [404, "UnknownOperationException"]);
    });
});
