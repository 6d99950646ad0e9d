/** Kills the engine at one point after the other on the same cluster: what one left over would show in the next. */
import { setTimeout as sleep } from "node:timers/promises";
import {
    AttachRolePolicyCommand,
    CreatePolicyCommand,
    DeleteRoleCommand,
    DetachRolePolicyCommand,
    ListAttachedRolePoliciesCommand,
} from "@aws-sdk/client-iam";
import type { Hooks } from "./engine/engine";
import { writesOf } from "./engine/engine";
import type { ComponentArguments } from "./engine/program";
import type { Course, KillPoint, Operation, Undisturbed } from "./killPoints";
import { CNI_POLICY, iamClient, NODE_ROLE, type Stage } from "./stage";
import { unknownToTheEngine } from "./state/pending";

/** Long enough for a pod to be born and to run. */
const MEANWHILE_MILLISECONDS = 3000;

export class KillPlay {
    /** Whether the engine was still at work at the last point. */
    public wasReached = false;
    private isHandedOver = false;
    /** Another path makes another role, under a name of its own, as most changes that replace a role do. */
    private rolePath = "/";
    private additionalPolicyArns: readonly string[] = [];

    private constructor(
        public readonly stage: Stage,
        private readonly anotherPolicyArn: string,
    ) {}

    public static async on(stage: Stage): Promise<KillPlay> {
        const statement = { Effect: "Allow", Action: "logs:PutLogEvents", Resource: "*" };
        const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
        const command = new CreatePolicyCommand({ PolicyName: "logs", PolicyDocument });
        const { Policy } = await iamClient(stage.sandbox).send(command);
        await stage.startsFromHere();
        return new KillPlay(stage, Policy?.Arn ?? "");
    }

    public async play(point: KillPoint): Promise<void> {
        await this.prepare(point.operation);
        this.stage.since = Date.now();
        const { outcome } = await this.begin(point.operation, hooksOf(point));
        this.wasReached = outcome === "killed";
        await this.meanwhile();
        const orphans = this.pendingRoles();
        if (point.then === "destroy") {
            await this.detachPending();
        }
        await this.recover(point.then, orphans);
        await this.remove(orphans);
    }

    /**
     * The cluster lives on while nobody is at work on it, and in the worst moment: a pod is deleted while the webhook is down.
     * Whatever the run has left, it must be let in on a path that works, or not at all.
     */
    private async meanwhile(): Promise<void> {
        const { faults } = this.stage;
        const [node = ""] = (await this.stage.pods()).keys();
        await faults.stopWebhook();
        try {
            await this.stage.deletePodOn(node);
            await sleep(MEANWHILE_MILLISECONDS);
        } finally {
            await faults.startWebhook();
        }
    }

    /** What undisturbed runs of these operations are like. */
    public async course(operations: readonly Operation[]): Promise<Course> {
        const course: Partial<Record<Operation, Undisturbed>> = {};
        for (const operation of operations) {
            course[operation] = await this.undisturbed(operation);
        }
        return course;
    }

    private async undisturbed(operation: Operation): Promise<Undisturbed> {
        await this.prepare(operation);
        const { calls, from, to, output, outcome } = await this.begin(operation);
        if (outcome !== "succeeded") {
            throw new Error(`an undisturbed ${operation} fails:\n${output}`);
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
    }

    /** What others may do to a cluster that was handed over, all at a time, in an order in which no pod loses its path. */
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
        if (operation === "update") {
            this.rolePath = this.rolePath === "/" ? "/cni/" : "/";
        }
        if (operation === "policy") {
            this.additionalPolicyArns = this.additionalPolicyArns.length > 0 ? [] : [this.anotherPolicyArn];
        }
        return this.stage.run(operation === "destroy" ? "destroy" : "up", this.arguments(), hooks);
    }

    private arguments(): ComponentArguments {
        const { rolePath, additionalPolicyArns } = this;
        return this.stage.arguments({ rolePath, additionalPolicyArns });
    }

    private async recover(way: "up" | "destroy", orphans: readonly string[]): Promise<void> {
        if (way === "up" && this.isDeletionPending()) {
            await this.stage.succeeds("refresh", this.arguments());
        }
        await this.stage.succeeds(way, this.arguments());
        await (way === "up"
            ? this.stage.isHandedOver(this.additionalPolicyArns, orphans)
            : this.stage.isAsBefore(orphans));
        this.isHandedOver = way === "up";
    }

    /**
     * A role that was being made when the engine was killed, of which the engine itself says that it may exist: it has no id
     * of it, so no program can take it away. https://www.pulumi.com/docs/support/troubleshooting/common-issues/interrupted-updates/
     */
    private pendingRoles(): string[] {
        return this.pendingInputs("aws:iam/role:Role").flatMap(({ name }) => (typeof name === "string" ? [name] : []));
    }

    /**
     * Whether AWS may have deleted what the engine still has in its state: an update would build upon it. The engine warns of it,
     * and asks for a refresh.
     */
    private isDeletionPending(): boolean {
        const pending = this.stage.props.engine.state().pending_operations ?? [];
        return pending.some(({ type, resource }) => type === "deleting" && resource.type.startsWith("aws:"));
    }

    private pendingInputs(wanted: string): Readonly<Record<string, unknown>>[] {
        return unknownToTheEngine(this.stage.props.engine.state(), wanted);
    }

    /**
     * An attachment of which the engine does not know lets nobody delete its role (`DeleteConflict`): as the engine's warning
     * and docs/hand-over.md ask the operator to. An `up` makes it once more, which changes nothing, and knows of it from then on.
     */
    private async detachPending(): Promise<void> {
        const client = iamClient(this.stage.sandbox);
        for (const { role, policyArn } of this.pendingInputs("aws:iam/rolePolicyAttachment:RolePolicyAttachment")) {
            const RoleName = String(role);
            const PolicyArn = String(policyArn);
            if (this.stage.currentRoles()[RoleName]?.attachedPolicyArns.includes(PolicyArn)) {
                await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
            }
        }
    }

    /** As the engine's warning asks the operator to. */
    private async remove(roles: readonly string[]): Promise<void> {
        const client = iamClient(this.stage.sandbox);
        for (const RoleName of roles.filter((name) => name in this.stage.currentRoles())) {
            const { AttachedPolicies = [] } = await client.send(new ListAttachedRolePoliciesCommand({ RoleName }));
            for (const { PolicyArn } of AttachedPolicies) {
                await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
            }
            await client.send(new DeleteRoleCommand({ RoleName }));
        }
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
