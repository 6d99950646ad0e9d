import { version } from "@pulumi/pulumi/version";
import { NOT_YET_KNOWN } from "../arguments/knownArgs";

/**
 * An output of a live check: undefined if the run does not create the live check (`--target`, `--exclude`), and not known if it has failed.
 *
 * From version 3.256 on, the SDK resolves both to unknown (pulumi/pulumi 24108). It then knows the inputs of the first alone, such as `drift`.
 * An earlier SDK knows the inputs of both.
 */
export function outputOrNotCreated(output: unknown, drift: unknown, sdk = version): unknown {
    const [, minor] = sdk.split(".").map(Number);
    return output === NOT_YET_KNOWN && drift !== NOT_YET_KNOWN && Number(minor) >= 256 ? undefined : output;
}
