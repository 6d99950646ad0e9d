/** Kills the engine at one point after another on the same cluster, so that leftovers of one point show at the next. */
import { AttachRolePolicyCommand } from "@aws-sdk/client-iam";
import { amidChurn, endSurplus } from "./amidChurn";
import type { Hooks } from "./engine/engine";
import { writesOf } from "./engine/engine";
import type { ComponentArguments } from "./engine/program";
import type { Course, KillPoint, Operation, UninterruptedRun } from "./killPoints";
import { detachPending, isDeletionPending, pendingRoles, removeRoles } from "./orphans";
import { CNI_POLICY, createPolicy, iamClient, NODE_ROLE, type Stage } from "./stage";
import { deletePodWithoutWebhook } from "./podWithoutWebhook";

export class KillRun {
    /** Whether the engine was still running at the last kill point. */
    public wasReached = false;
    private isHandedOver = false;
    /** Another path creates another role with a new generated name, as most changes that replace a role do. */
    private rolePath = "/";
    private additionalPolicyArns: readonly string[] = [];
    private permissionsBoundary: string | undefined;

    private constructor(
        public readonly stage: Stage,
        private readonly anotherPolicyArn: string,
        /** Each of them allows everything that the CNI needs. */
        private readonly boundaries: readonly string[],
    ) {}

    public static async on(stage: Stage): Promise<KillRun> {
        const { sandbox } = stage;
        const logs = await createPolicy(sandbox, "logs", "logs:PutLogEvents");
        const network = await createPolicy(sandbox, "network", "ec2:*");
        const everything = await createPolicy(sandbox, "everything", "*");
        await stage.recordStateBefore();
        return new KillRun(stage, logs, [network, everything]);
    }

    public async play(point: KillPoint): Promise<void> {
        // The final state alone is scaled up.
        this.stage.scalesUp = false;
        await this.prepare(point.operation);
        this.stage.scalesUp = true;
        this.stage.since = Date.now();
        const amid = <T>(act: () => Promise<T>) => (point.amid === "churn" ? amidChurn(this.stage, act) : act());
        const { outcome } = await amid(() => this.begin(point.operation, hooksOf(point)));
        this.wasReached = outcome === "killed";
        await deletePodWithoutWebhook(this.stage);
        const orphans = pendingRoles(this.stage);
        if (point.then === "destroy") {
            await detachPending(this.stage);
        }
        await this.recover(point.then, orphans, amid);
        await removeRoles(this.stage, orphans);
        if (point.amid === "churn") {
            await endSurplus(this.stage);
        }
    }

    /** Measures the writes and the duration of uninterrupted runs. */
    public async course(operations: readonly Operation[]): Promise<Course> {
        const course: Partial<Record<Operation, UninterruptedRun>> = {};
        for (const operation of operations) {
            course[operation] = await this.uninterrupted(operation);
        }
        return course;
    }

    private async uninterrupted(operation: Operation): Promise<UninterruptedRun> {
        await this.prepare(operation);
        const { calls, from, to, output, outcome } = await this.begin(operation);
        if (outcome !== "succeeded") {
            throw new Error(`an uninterrupted ${operation} failed:\n${output}`);
        }
        this.isHandedOver = operation !== "destroy";
        return { writes: writesOf(calls).map((call) => call.operation), milliseconds: to - from };
    }

    private async prepare(operation: Operation): Promise<void> {
        if (operation === "up" && this.isHandedOver) {
            await this.recover("destroy", []);
        } else if (operation !== "up" && !this.isHandedOver) {
            await this.recover("up", []);
        }
        if (operation === "repair") {
            await this.drift();
        }
        if (operation === "upgrade") {
            await this.stage.returnToBefore();
        }
    }

    /** Makes all changes that others may make to a cluster that was handed over, in an order that leaves every pod its path. */
    private async drift(): Promise<void> {
        const { stage } = this;
        await iamClient(stage.sandbox).send(
            new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: CNI_POLICY }),
        );
        await stage.settled();
        await stage.deleteInjectionGuards();
        await stage.annotateServiceAccount({ "eks.amazonaws.com/role-arn": null });
        const [node = ""] = (await stage.pods()).keys();
        await stage.deletePodOn(node);
        await stage.settled();
        await stage.succeeds("refresh", this.arguments());
    }

    private begin(operation: Operation, hooks: Hooks = {}) {
        if (operation === "update" || operation === "upgrade") {
            this.rolePath = this.rolePath === "/" ? "/cni/" : "/";
        }
        if (operation === "policy") {
            this.additionalPolicyArns = this.additionalPolicyArns.length > 0 ? [] : [this.anotherPolicyArn];
        }
        if (operation === "boundary") {
            // Sets a boundary, replaces it by another one, and removes it, in turn. Each of the three changes replaces the role.
            const { boundaries, permissionsBoundary } = this;
            const next = permissionsBoundary === undefined ? 0 : boundaries.indexOf(permissionsBoundary) + 1;
            this.permissionsBoundary = boundaries[next];
        }
        return this.stage.run(operation === "destroy" ? "destroy" : "up", this.arguments(), hooks);
    }

    private arguments(): ComponentArguments {
        const { rolePath, additionalPolicyArns, permissionsBoundary } = this;
        return this.stage.arguments({ rolePath, additionalPolicyArns, permissionsBoundary });
    }

    private async recover(
        command: "up" | "destroy",
        orphans: readonly string[],
        amid: (act: () => Promise<unknown>) => Promise<unknown> = (act) => act(),
    ): Promise<void> {
        if (command === "up" && isDeletionPending(this.stage)) {
            await this.stage.succeeds("refresh", this.arguments());
        }
        await amid(() => this.stage.succeeds(command, this.arguments()));
        await (command === "up"
            ? this.stage.assertHandedOver(this.additionalPolicyArns, orphans)
            : this.stage.assertAsBefore(orphans));
        this.isHandedOver = command === "up";
    }
}

function hooksOf({ moment }: KillPoint): Hooks {
    switch (moment.at) {
        case "time":
            return { killAtMilliseconds: moment.milliseconds };
        case "before":
            return { killBefore: (write) => write === moment.write };
        case "after":
            return { killAfter: (write) => write === moment.write };
    }
}
