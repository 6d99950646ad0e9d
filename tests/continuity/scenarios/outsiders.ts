/**
 * Others take the pods' rights: the node role's policy before the hand-over, the role's trust, its OIDC provider, its boundary.
 *
 * A refresh shows each of them, and each has a way out that is played. An outsider's time, from its write to the run that repairs it, is counted apart. The
 * limits below begin with that run.
 */
import {
    AttachRolePolicyCommand,
    CreateOpenIDConnectProviderCommand,
    CreatePolicyCommand,
    CreatePolicyVersionCommand,
    DeleteOpenIDConnectProviderCommand,
    DetachRolePolicyCommand,
    UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import * as assert from "node:assert";
import { CNI_POLICY, iamClient, NODE_ROLE, type Stage } from "../stage";
import { handedOver, noGaps, type Scenario } from "./scenario";

/** A write to IAM that restores the path by itself: only IAM's delay counts. */
const AT_ONCE = 10;

/** A run that restarts every pod, one after another: the engine's start, IAM's delays, the first pod, the rolling restart. */
function restartLimit({ props }: Stage): number {
    return 30 + 3 * props.sizes.nodes;
}

/** A run that repairs the role alone: the engine's start, its refresh, and IAM's delay. */
const ROLE_ALONE = 40;

const policyTaken: Scenario = {
    name: "policy-taken-before-up",
    title: "the policy leaves the node role before the first up: the run says so, and gives every pod a path at once",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const node = { RoleName: NODE_ROLE, PolicyArn: CNI_POLICY };
        const iam = iamClient(stage.sandbox);
        const repair = await stage.takePath(() => iam.send(new DetachRolePolicyCommand(node)));
        const { output } = await repair(restartLimit(stage), () => stage.succeeds("up", stage.arguments()));
        assert.match(output, /nodes of sandbox-nodes have no path to the CNI's permissions now.*going on at once/);
        await stage.assertHandedOver();
        // Nothing was recorded, so nothing can be given back: the operator attaches the policy before the hand-back.
        await stage.fails("destroy", stage.arguments(), /\[node-role-without-permissions\]/);
        await iam.send(new AttachRolePolicyCommand(node));
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const trustChanged: Scenario = {
    name: "trust-changed-by-hand",
    title: "the role's trust policy is changed by hand: a refresh shows it, and up --refresh restores it",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        const RoleName = String(stage.outputs()["roleName"]);
        const trust = stage.currentRoles()[RoleName]?.trustPolicy ?? "";
        const PolicyDocument = trust.replaceAll(":aws-node", ":another");
        const iam = iamClient(stage.sandbox);
        const repair = await stage.takePath(() =>
            iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument })),
        );
        await shows(stage, /can no longer use .*does not trust this cluster's service account.*pulumi up --refresh/);
        await repair(ROLE_ALONE, () => stage.succeeds("up", stage.arguments(), { flags: ["--refresh"] }));
        await stage.assertHandedOver();
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await staysQuiet(stage);
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const providerDeleted: Scenario = {
    name: "oidc-provider-deleted",
    title: "the OIDC provider is deleted: shown, refused, created again; deleted once more, and destroyed",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 2 },
    play: async (stage) => {
        const { arn: OpenIDConnectProviderArn, create } = provider(stage);
        const iam = iamClient(stage.sandbox);
        const args = stage.arguments({ oidcProviderArn: OpenIDConnectProviderArn });
        await stage.succeeds("up", args);
        await stage.assertHandedOver();
        stage.since = Date.now();
        const pods = await stage.pods();
        const remove = () => iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
        const repairByHand = await stage.takePath(remove);
        await shows(
            stage,
            /can no longer use .*aws iam create-open-id-connect-provider --url https:.*pulumi destroy/,
            args,
        );
        await stage.fails("up", args, /\[provider-missing\].*aws iam create-open-id-connect-provider --url https:/);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await repairByHand(AT_ONCE, create);
        await stage.succeeds("up", args);
        await stage.assertHandedOver();
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        const repairByDestroy = await stage.takePath(remove);
        await repairByDestroy(restartLimit(stage), () => stage.succeeds("destroy", args));
        await create();
        await stage.assertAsBefore();
    },
};

const WHOLE = document("*");
const NARROW = document("s3:*");

function document(Action: string): string {
    return JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action, Resource: "*" } });
}

const boundaryNarrowed: Scenario = {
    name: "boundary-document-narrowed",
    title: "the boundary's owner takes EC2 out of its document: shown, refused, repaired; narrowed again, and destroyed",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 2 },
    play: async (stage) => {
        const iam = iamClient(stage.sandbox);
        const boundary = { PolicyName: "boundary", PolicyDocument: WHOLE };
        const { Policy } = await iam.send(new CreatePolicyCommand(boundary));
        await stage.recordStateBefore();
        const args = stage.arguments({ permissionsBoundary: Policy?.Arn });
        await stage.succeeds("up", args);
        await stage.assertHandedOver();
        stage.since = Date.now();
        const pods = await stage.pods();
        const say = (PolicyDocument: string) =>
            iam.send(new CreatePolicyVersionCommand({ PolicyArn: Policy?.Arn, PolicyDocument, SetAsDefault: true }));
        const repairByOwner = await stage.takePath(() => say(NARROW));
        await shows(stage, /can no longer use .*lacks these EC2 permissions.*boundary.*pulumi destroy/, args);
        await stage.fails("up", args, /\[permission-missing\]/);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await repairByOwner(AT_ONCE, () => say(WHOLE));
        await stage.settled();
        await stage.succeeds("up", args);
        await stage.assertHandedOver();
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        const repairByDestroy = await stage.takePath(() => say(NARROW));
        await repairByDestroy(restartLimit(stage), () => stage.succeeds("destroy", args));
        await stage.assertAsBefore();
    },
};

const ownProvider: Scenario = {
    name: "own-oidc-provider",
    title: "the program creates the OIDC provider and passes its output: destroy deletes it after the hand-back",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const { arn: OpenIDConnectProviderArn } = provider(stage);
        await iamClient(stage.sandbox).send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
        await stage.recordStateBefore();
        const args = stage.arguments({ ownProvider: stage.sandbox.issuer });
        await stage.succeeds("up", args);
        await stage.assertHandedOver([], [OpenIDConnectProviderArn]);
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

/** The cluster's OIDC provider in IAM. */
function provider({ sandbox }: Stage) {
    const { accountId, issuer } = sandbox;
    const arn = `arn:aws:iam::${accountId}:oidc-provider/${issuer.replace("https://", "")}`;
    const input = { Url: issuer, ClientIDList: ["sts.amazonaws.com"] };
    return { arn, create: () => iamClient(sandbox).send(new CreateOpenIDConnectProviderCommand(input)) };
}

/** A refresh shows why the pods lose their rights, with the way out, and that the credential guard has something to do. */
async function shows(stage: Stage, words: RegExp, args = stage.arguments()): Promise<void> {
    const { output } = await stage.succeeds("refresh", args);
    assert.match(output, words, "the refresh does not show it");
    assert.match(output, /cni-credential-guard/);
}

async function staysQuiet(stage: Stage): Promise<void> {
    const { output } = await stage.succeeds("refresh", stage.arguments());
    assert.doesNotMatch(output, /can no longer use/);
}

export const outsiders = [policyTaken, trustChanged, providerDeleted, boundaryNarrowed, ownProvider];
