import type { FormerDetachment } from "../../handover/model/formerDetachment";
import { KnownArgs } from "../arguments/knownArgs";
import { type Former, rememberFormer } from "./formerGuard";

/** The detachment before its update. */
export function rememberFormerDetachment(): Former<FormerDetachment> {
    return rememberFormer("former-detachment", formerDetachment);
}

/** From the inputs and the outputs of the detachment, as far as they are known. */
export function formerDetachment({ oldInputs, oldOutputs, newInputs }: KnownArgs): FormerDetachment | undefined {
    const former = { ...asObject(oldInputs), ...asObject(oldOutputs) };
    const { detachedFrom, remainingSteps, approvedRole, handedOverClusterArns } = former;
    return isList(detachedFrom) && isList(remainingSteps)
        ? {
              detachedFrom,
              remainingSteps,
              isAnotherRole: approvedRole !== asObject(newInputs)["approvedRole"],
              ...(isList(handedOverClusterArns) ? { handedOverClusterArns } : {}),
          }
        : undefined;
}

function asObject(value: unknown): KnownArgs {
    return (value ?? {}) as KnownArgs;
}

function isList(value: unknown): value is readonly string[] {
    return Array.isArray(value) && value.every((member) => typeof member === "string");
}
