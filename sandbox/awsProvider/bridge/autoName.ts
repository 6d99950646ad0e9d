import { createHash, randomBytes } from "node:crypto";

/**
 * The engine's settings for automatic names (`pulumi:autonaming`): pulumi proto/pulumi/provider.proto,
 * CheckRequest.AutonamingOptions.
 */
export interface Autonaming {
    readonly mode: "propose" | "enforce" | "disable";
    readonly proposedName: string;
}

export interface NameRequest {
    readonly logicalName: string;
    readonly maxLength: number;
    readonly randomSeed: Uint8Array;
    readonly autonaming?: Autonaming;
}

const RANDOM_DIGITS = 7;

/**
 * The name that the bridge gives to a resource without one: pulumi-terraform-bridge pkg/tfbridge/info/autonaming.go,
 * ComputeAutoNameDefault. A name that is too long is an error; it is not cut.
 */
export function autoName(request: NameRequest): string {
    const { logicalName, maxLength, autonaming } = request;
    if (autonaming === undefined) {
        const prefix = `${logicalName}-`;
        if (prefix.length + RANDOM_DIGITS > maxLength) {
            throw new Error(
                `name '${prefix}' plus ${RANDOM_DIGITS} random chars is longer than maximum length ${maxLength}`,
            );
        }
        return prefix + hexDigits(request.randomSeed);
    }
    switch (autonaming.mode) {
        case "enforce":
            return autonaming.proposedName;
        case "disable":
            throw new Error("automatic naming is disabled but no explicit name was provided");
        case "propose":
            if (autonaming.proposedName.length > maxLength) {
                throw new Error(`calculated name '${autonaming.proposedName}' exceeds maximum length of ${maxLength}`);
            }
            return autonaming.proposedName;
    }
}

/** The same digits for the same seed, like pulumi sdk/go/common/resource/resource_id.go, NewUniqueName. */
function hexDigits(seed: Uint8Array): string {
    const bytes = seed.length === 0 ? randomBytes(RANDOM_DIGITS) : createHash("sha256").update(seed).digest();
    return bytes.toString("hex").slice(0, RANDOM_DIGITS);
}

/** terraform-plugin-sdk helper/id/id.go, PrefixedUniqueId: 18 digits of time and an 8-digit counter. */
export function prefixedUniqueId(prefix: string, now = new Date()): string {
    counter = (counter + 1) % 0xffffffff;
    const time = now.toISOString().replace(/\D/g, "").padEnd(18, "0").slice(0, 18);
    return `${prefix}${time}${counter.toString(16).padStart(8, "0")}`;
}

export const UNIQUE_ID_LENGTH = 26;

let counter = 0;

/** terraform-provider-aws internal/create/naming.go, NamePrefixFromName. */
export function namePrefixFromName(name: string): string {
    return new RegExp(`^(.+)\\d{18}[0-9a-f]{8}$`).exec(name)?.[1] ?? "";
}
