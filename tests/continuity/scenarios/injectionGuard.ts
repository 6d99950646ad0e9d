/** The injection guard, against changes that others make after the hand-over. */
import { CreateRoleCommand, DeleteRoleCommand } from "@aws-sdk/client-iam";
import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { iamClient, type Stage } from "../stage";
import { handedOver, noGaps, type Scenario } from "./scenario";

const ROLE_ARN = "eks.amazonaws.com/role-arn";

/** Longer than the webhook needs until its cache has a new annotation. */
const CACHE_MILLISECONDS = 2000;

/** Creates a role that trusts a service, and has no permissions. Returns its ARN. */
async function createRole(stage: Stage, RoleName: string, Service: string): Promise<string> {
    const Statement = { Effect: "Allow", Action: ["sts:AssumeRole", "sts:TagSession"], Principal: { Service } };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    const { Role } = await iamClient(stage.sandbox).send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    return Role?.Arn ?? "";
}

const anotherRoleAnnotated: Scenario = {
    name: "another-role-annotated-by-hand",
    title: "another role, without rights, is annotated by hand, and a pod is deleted: the guard refuses it; then refresh and up",
    quick: false,
    // The guard refuses the replacement of the deleted pod until the annotation is right again.
    bound: { ...noGaps, rollouts: 0, restarts: 2, outageNodeSeconds: 60 },
    play: async (stage) => {
        const roleArn = await createRole(stage, "another", "ec2.amazonaws.com");
        await stage.recordStateBefore();
        await handedOver(stage);
        await stage.annotateServiceAccount({ [ROLE_ARN]: roleArn });
        await sleep(CACHE_MILLISECONDS);
        const [node = ""] = (await stage.pods()).keys();
        await stage.deletePodOn(node);
        await stage.until("the guard refuses the pod", () => stage.isRefused(), 20);
        assert.ok(!(await stage.pods()).has(node), "a pod with a role that was never approved was admitted");
        const { output } = await stage.succeeds("refresh", stage.arguments());
        assert.match(output, /cni-(detachment|service-account)/, "the refresh does not show the drift");
        await stage.succeeds("up", stage.arguments({ overrideExistingServiceAccount: true }));
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
        await iamClient(stage.sandbox).send(new DeleteRoleCommand({ RoleName: "another" }));
    },
};

export const injectionGuard = [anotherRoleAnnotated];
