import * as pulumi from "@pulumi/pulumi";
import { Problem } from "../arguments/problem";

/** How the engine generates names: https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming-configuration */
interface Naming {
    mode?: string;
    pattern?: string;
}

interface ProviderNaming extends Naming {
    resources?: Record<string, Naming>;
}

/** The setting `pulumi:autonaming` of a stack. */
export interface Autonaming extends Naming {
    providers?: Record<string, ProviderNaming>;
}

/** Pods use the permissions of these, so the old one must not be deleted before its replacement exists. */
const MUST_OVERLAP = [
    "aws:iam/role:Role",
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
] as const;

/** The placeholders of a pattern that the engine treats as random. */
const RANDOM = /\$\{(?:(?:hex|alphanum|string|num)\(\d+\)|uuid)\}/;

/**
 * If names have no random part, the engine deletes before it creates, even if a resource sets `deleteBeforeReplace: false`.
 *
 * Source: https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step_generator.go (autonaming) and
 * https://github.com/pulumi/pulumi/blob/master/sdk/pkg/resource/autonaming/strategy.go
 */
export function autonamingProblems(setting: Autonaming | undefined): Problem[] {
    const deletedFirst = MUST_OVERLAP.filter((type) => !isRandom(namingOf(type, setting ?? {})));
    return deletedFirst.length === 0
        ? []
        : [
              {
                  path: "liveChecks",
                  expected:
                      "resource names with a random part (without one, the engine deletes a role before it creates the next one)",
                  got: `pulumi:autonaming without a random part for ${deletedFirst.join(", ")}`,
                  fix: "in pulumi:autonaming, set a pattern such as ${name}-${hex(7)} for these, or set liveChecks: false",
              },
          ];
}

/** The setting of the stack that the program runs for. */
export function stackAutonaming(): Autonaming | undefined {
    return new pulumi.Config("pulumi").getObject<Autonaming>("autonaming");
}

/** The most specific part of the setting. It applies even if it is empty. */
function namingOf(type: string, setting: Autonaming): Naming {
    const provider = setting.providers?.[type.split(":")[0] ?? ""];
    return provider?.resources?.[type] ?? provider ?? setting;
}

function isRandom({ mode, pattern }: Naming): boolean {
    return pattern === undefined ? mode === undefined || mode === "default" : RANDOM.test(pattern);
}
