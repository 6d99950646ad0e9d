import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import {
    CreateClusterCommand,
    CreatePodIdentityAssociationCommand,
    type CreatePodIdentityAssociationCommandInput,
    DeletePodIdentityAssociationCommand,
    DescribePodIdentityAssociationCommand,
    ListPodIdentityAssociationsCommand,
    ListTagsForResourceCommand,
    TagResourceCommand,
    UntagResourceCommand,
    UpdatePodIdentityAssociationCommand,
    type UpdatePodIdentityAssociationCommandInput,
} from "@aws-sdk/client-eks";

import { noPolicy } from "./refusals";
import { accountId, assertRefused, clients, podIdentityTrust, type Refusal, region } from "./support";
import { useIam } from "./useIam";

const roleOf = (name: string) => `arn:aws:iam::${accountId}:role/${name}`;
const clusterName = "pods";
const namespace = "kube-system";

const invalid = (message: string | RegExp): Refusal => ({ name: "InvalidParameterException", status: 400, message });

type Asked = Partial<Omit<CreatePodIdentityAssociationCommandInput, "clusterName">>;

describe("the calls about Pod Identity associations of the AWS stand-in", () => {
    const account = useIam();
    const eks = () => account.fixture.eks;
    before(async () => {
        const resourcesVpcConfig = {};
        await eks().send(
            new CreateClusterCommand({ name: clusterName, roleArn: roleOf("cluster"), resourcesVpcConfig }),
        );
        await account.createRole("pods-a", podIdentityTrust());
        await account.createRole("pods-b", podIdentityTrust({ "kubernetes-namespace": namespace }));
        await account.createRole("pods-of-ec2");
    });
    let made: string[] = [];
    afterEach(async () => {
        for (const associationId of made) {
            await eks().send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));
        }
        made = [];
    });
    const create = async (asked: Asked = {}) => {
        const of = { clusterName, namespace, serviceAccount: "aws-node", roleArn: roleOf("pods-a"), ...asked };
        const { association } = await eks().send(new CreatePodIdentityAssociationCommand(of));
        const { associationId } = association ?? {};
        made.push(associationId ?? "");
        return association ?? assert.fail();
    };
    const update = (
        associationId: string | undefined,
        asked: Omit<UpdatePodIdentityAssociationCommandInput, "clusterName" | "associationId">,
    ) => eks().send(new UpdatePodIdentityAssociationCommand({ clusterName, associationId, ...asked }));
    const describe = async (associationId: string | undefined) =>
        (await eks().send(new DescribePodIdentityAssociationCommand({ clusterName, associationId }))).association;

    it("describe an association as it was made: its id, its ARN, its times and its tags", async () => {
        const { createdAt, modifiedAt, associationId, associationArn, ...rest } = await create({ tags: { of: "cni" } });
        assert.match(associationId ?? "", /^a-[0-9a-z]{17}$/);
        const arn = `arn:aws:eks:${region}:${accountId}:podidentityassociation/${clusterName}/${associationId ?? ""}`;
        assert.equal(associationArn, arn);
        assert.ok(createdAt && Math.abs(createdAt.getTime() - Date.now()) < 5000);
        assert.deepEqual(modifiedAt, createdAt);
        const roleArn = roleOf("pods-a");
        const account = { clusterName, namespace, serviceAccount: "aws-node" };
        assert.deepEqual(rest, { ...account, roleArn, tags: { of: "cni" }, disableSessionTags: false });
        assert.deepEqual(await describe(associationId), {
            createdAt,
            modifiedAt,
            associationId,
            associationArn,
            ...rest,
        });
    });

    it("change the role of an association in place, with a new time and the same id", async () => {
        const before = await create();
        await sleep(5);
        const { association } = await update(before.associationId, { roleArn: roleOf("pods-b") });
        const { modifiedAt, ...after } = association ?? {};
        const { modifiedAt: madeAt, ...same } = before;
        assert.deepEqual(after, { ...same, roleArn: roleOf("pods-b") });
        assert.ok((modifiedAt?.getTime() ?? 0) > (madeAt?.getTime() ?? Infinity));
        assert.deepEqual(await describe(before.associationId), association);
    });

    it("give an association with a target role the external id of its service account, and take both away again", async () => {
        const targetRoleArn = "arn:aws:iam::444455556666:role/target";
        const { associationId, externalId } = await create({ targetRoleArn });
        assert.equal(externalId, `${region}/${accountId}/${clusterName}/${namespace}/aws-node`);
        const { association } = await update(associationId, { targetRoleArn: "" });
        assert.deepEqual([association?.targetRoleArn, association?.externalId], [undefined, undefined]);
    });

    it("want session tags to be disabled for a session policy, also in an update", async () => {
        const policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}';
        const refusal = invalid("policy: disableSessionTags must be true when a policy is specified.");
        await assertRefused(create({ policy }), refusal);
        const { associationId, ...rest } = await create({ policy, disableSessionTags: true });
        assert.deepEqual([rest.policy, rest.disableSessionTags], [policy, true]);
        await assertRefused(update(associationId, { disableSessionTags: false }), refusal);
        const { association } = await update(associationId, { disableSessionTags: false, policy: "" });
        assert.deepEqual([association?.policy, association?.disableSessionTags], [undefined, false]);
    });

    it("refuse a second association of a service account, and not that of another namespace", async () => {
        const { associationId } = await create();
        await assertRefused(create({ roleArn: roleOf("pods-b") }), {
            name: "ResourceInUseException",
            status: 409,
            message: `Association already exists: ${associationId ?? ""}`,
        });
        await create({ namespace: "default" });
    });

    it("refuse another association for a while after the deletion of the one before, on request", async () => {
        const { api } = account.fixture;
        api.setAssociationDelays({ deletion: 0.5 });
        try {
            const { associationId } = await create();
            await eks().send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));
            made = [];
            await assertRefused(create(), {
                name: "ResourceInUseException",
                status: 409,
                message: `Association already exists: ${associationId ?? ""}`,
            });
            await sleep(600);
            await create();
        } finally {
            api.setAssociationDelays({ deletion: 0 });
        }
    });

    const unknownRole = invalid("Role provided in the request does not exist.");
    const untrusting = invalid(
        "Trust policy of the role provided is invalid. Follow the official documentation to resolve the issue.",
    );
    const crossAccount = {
        name: "AccessDeniedException",
        status: 403,
        message: "Cross-account pass role is not allowed.",
    };
    const roles: [string, string, Refusal][] = [
        ["that does not exist", roleOf("pods-missing"), unknownRole],
        ["that does not trust the service", roleOf("pods-of-ec2"), untrusting],
        ["of another account", "arn:aws:iam::444455556666:role/pods-a", crossAccount],
        ["without a name", "", crossAccount],
    ];
    for (const [which, roleArn, refusal] of roles) {
        it(`refuse a role ${which}, in a creation and in an update`, async () => {
            await assertRefused(create({ roleArn }), refusal);
            const { associationId } = await create();
            await assertRefused(update(associationId, { roleArn }), refusal);
            assert.equal((await describe(associationId))?.roleArn, roleOf("pods-a"));
        });
    }

    it("do not know a role that IAM does not show yet", async () => {
        account.fixture.api.setDelays({ visibilitySeconds: 0.5 });
        try {
            await account.createRole("pods-late", podIdentityTrust());
            await assertRefused(create({ roleArn: roleOf("pods-late") }), unknownRole);
            await sleep(600);
            await create({ roleArn: roleOf("pods-late") });
        } finally {
            account.fixture.api.setDelays({ visibilitySeconds: 0 });
        }
    });

    it("refuse an update that changes nothing, and one of an association that is not there", async () => {
        const { associationId } = await create();
        await assertRefused(update(associationId, {}), invalid(/must change at least one of/));
        await assertRefused(update("a-1", { roleArn: roleOf("pods-b") }), {
            name: "ResourceNotFoundException",
            status: 404,
            message: "Association a-1 not found in cluster pods",
        });
    });

    it("refuse an empty service account, a missing one, and too many tags", async () => {
        await assertRefused(create({ serviceAccount: "" }), invalid("serviceAccount: must not be empty."));
        await assertRefused(create({ namespace: undefined }), invalid("namespace: value is a required property."));
        const tags = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`tag-${index}`, ""]));
        await assertRefused(create({ tags }), invalid("tags: must have at most 50 entries, and has 51."));
    });

    it("answer a repeated creation with the same token as before, and refuse another one with it", async () => {
        const clientRequestToken = "once";
        const first = await create({ clientRequestToken });
        assert.deepEqual(await create({ clientRequestToken }), first);
        made.pop();
        await assertRefused(create({ clientRequestToken, roleArn: roleOf("pods-b") }), invalid(/clientRequestToken/));
    });

    it("list associations in pages", async () => {
        await create({ serviceAccount: "a" });
        await create({ serviceAccount: "b" });
        await create({ serviceAccount: "c" });
        const list = (more: object) => eks().send(new ListPodIdentityAssociationsCommand({ clusterName, ...more }));
        const { associations: first = [], nextToken } = await list({ maxResults: 2 });
        const { associations: second = [], ...rest } = await list({ maxResults: 2, nextToken });
        const names = [...first, ...second].map(({ serviceAccount }) => serviceAccount);
        assert.deepEqual([names, first.length, rest.nextToken], [["a", "b", "c"], 2, undefined]);
        await assertRefused(list({ maxResults: 101 }), invalid("maxResults or nextToken is not valid."));
        await assertRefused(list({ nextToken: "unknown" }), invalid("maxResults or nextToken is not valid."));
    });

    it("tag and untag an association", async () => {
        const { associationArn: resourceArn, associationId } = await create({ tags: { a: "1" } });
        await eks().send(new TagResourceCommand({ resourceArn, tags: { b: "2" } }));
        await eks().send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }));
        assert.deepEqual((await eks().send(new ListTagsForResourceCommand({ resourceArn }))).tags, { b: "2" });
        assert.deepEqual((await describe(associationId))?.tags, { b: "2" });
    });

    it("ask for the right to pass the role to the service, and to read it", async () => {
        const statement = (Action: string, more = {}) => ({ Effect: "Allow", Action, Resource: "*", ...more });
        const passing = (service: string) =>
            statement("iam:PassRole", { Condition: { StringEquals: { "iam:PassedToService": service } } });
        const as = (name: string, ...statements: object[]) => {
            const Statement = [statement("eks:*"), ...statements];
            const user = account.fixture.api.createUser(name, [JSON.stringify({ Version: "2012-10-17", Statement })]);
            const { eks: limited } = clients(account.fixture.api.endpoint, user);
            const roleArn = roleOf("pods-a");
            const of = { clusterName, namespace, serviceAccount: name, roleArn };
            return {
                create: () => limited.send(new CreatePodIdentityAssociationCommand(of)),
                update: (associationId: string | undefined) =>
                    limited.send(new UpdatePodIdentityAssociationCommand({ clusterName, associationId, roleArn })),
                refused: (action: string) => ({
                    name: "AccessDeniedException",
                    status: 403,
                    message: `User: ${user.arn} is not authorized to perform: ${action} on resource: ${roleArn} ${noPolicy(action)}`,
                }),
            };
        };
        const ofNothing = as("pods-passes-nothing");
        const ofOther = as("pods-passes-to-eks", passing("eks.amazonaws.com"), statement("iam:GetRole"));
        const withoutRead = as("pods-reads-nothing", passing("pods.eks.amazonaws.com"));
        const { associationId } = await create();
        for (const call of ["create", "update"] as const) {
            await assertRefused(ofNothing[call](associationId), ofNothing.refused("iam:PassRole"));
            await assertRefused(ofOther[call](associationId), ofOther.refused("iam:PassRole"));
            await assertRefused(withoutRead[call](associationId), withoutRead.refused("iam:GetRole"));
        }
        const allowed = as("pods-passes", passing("pods.eks.amazonaws.com"), statement("iam:GetRole"));
        made.push((await allowed.create()).association?.associationId ?? "");
        await allowed.update(associationId);
    });
});
