import { randomUUID } from "node:crypto";

import { AwsError } from "../../errors";
import { type AddOnIssue, addOnNamespace } from "./addOn";
import type { UpdateAddOn } from "./requests";

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_Update.html */
export interface AddOnUpdate {
    readonly id: string;
    readonly status: "InProgress" | "Successful" | "Failed" | "Cancelled";
    readonly type: "AddonUpdate";
    readonly params: readonly { readonly type: string; readonly value: string }[];
    readonly createdAt: number;
    readonly errors: readonly UpdateError[];
}

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_ErrorDetail.html */
export interface UpdateError {
    readonly errorCode: string;
    readonly errorMessage: string;
    readonly resourceIds: readonly string[];
}

/** The updates of add-ons, by the key of the add-on. They stay after its deletion, as long as the cluster is there. */
export class AddOnUpdates {
    private readonly byAddOn = new Map<string, AddOnUpdate[]>();

    begin(of: string, asked: UpdateAddOn): AddOnUpdate {
        const update: AddOnUpdate = {
            id: randomUUID(),
            status: "InProgress",
            type: "AddonUpdate",
            params: paramsOf(asked),
            createdAt: Date.now() / 1000,
            errors: [],
        };
        this.byAddOn.set(of, [...this.of(of), update]);
        return update;
    }

    end(of: string, id: string, status: AddOnUpdate["status"], issues: readonly AddOnIssue[] = []): void {
        const ended = (update: AddOnUpdate) => ({ ...update, status, errors: issues.map(errorOf) });
        this.byAddOn.set(
            of,
            this.of(of).map((update) => (update.id === id ? ended(update) : update)),
        );
    }

    describe(of: string, id: string): AddOnUpdate {
        const update = this.of(of).find((candidate) => candidate.id === id);
        if (!update) {
            throw new AwsError("ResourceNotFoundException", `No update found for ID: ${id}`, 404);
        }
        return update;
    }

    ids(of: string): string[] {
        return this.of(of).map(({ id }) => id);
    }

    /** A new cluster of the same name starts without updates. */
    forget(cluster: string): void {
        [...this.byAddOn.keys()]
            .filter((key) => key.startsWith(`${cluster}/`))
            .forEach((key) => this.byAddOn.delete(key));
    }

    clear(): void {
        this.byAddOn.clear();
    }

    private of(key: string): readonly AddOnUpdate[] {
        return this.byAddOn.get(key) ?? [];
    }
}

/**
 * The parameters of an update. Types: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateParam.html. The associations are text as in
 * https://github.com/hashicorp/terraform-provider-aws/issues/30645
 */
export function paramsOf(asked: UpdateAddOn): AddOnUpdate["params"] {
    const associations = asked.podIdentityAssociations?.map(({ serviceAccount, roleArn }) => ({
        serviceAccount,
        roleArn,
        namespace: addOnNamespace,
    }));
    const values: Record<string, string | undefined> = {
        AddonVersion: asked.addonVersion,
        ServiceAccountRoleArn: asked.serviceAccountRoleArn,
        ResolveConflicts: asked.resolveConflicts,
        ConfigurationValues: asked.configurationValues,
        PodIdentityAssociations: associations && JSON.stringify(associations),
    };
    return Object.entries(values).flatMap(([type, value]) => (value === undefined ? [] : [{ type, value }]));
}

/** Updates have no InternalFailure: https://docs.aws.amazon.com/eks/latest/APIReference/API_ErrorDetail.html (errorCode) */
function errorOf({ code, message, resourceIds = [] }: AddOnIssue): UpdateError {
    return { errorCode: code === "InternalFailure" ? "Unknown" : code, errorMessage: message, resourceIds };
}
