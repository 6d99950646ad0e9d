import type { EC2 } from "@aws-sdk/client-ec2";
import type { EKS } from "@aws-sdk/client-eks";
import type { IAM } from "@aws-sdk/client-iam";
import { Properties, ProviderClient } from "../../../providerClient";

export interface World {
    /** The address of the AWS API. */
    readonly endpoint: string;
    readonly provider: ProviderClient;
    /** The AWS API of another client, which bypasses the provider. */
    readonly iam: IAM;
    readonly eks: EKS;
    readonly ec2: EC2;
}

/** The contract of a resource type; the same tests run for each. */
export interface Contract {
    readonly type: string;
    /** Creates the prerequisites, and returns the inputs of the program. */
    readonly inputs: (world: World) => Promise<Properties>;
    /** Attributes that AWS sets: unknown in the preview of a create. */
    readonly outputs: readonly string[];
    /** Inputs that change in place, and the diff of each. */
    readonly update?: { readonly inputs: Properties; readonly changes: Record<string, string> };
    readonly replace: {
        readonly inputs: Properties;
        readonly replaces: string[];
        readonly deleteBeforeReplace: boolean;
    };
    /** Another client changes the resource; the diff against the program after a refresh. */
    readonly drift?: {
        readonly make: (world: World, id: string) => Promise<unknown>;
        readonly changes: Record<string, string>;
    };
    readonly autoName?: string;
    readonly tags: boolean;
    /** Another client deletes it. */
    readonly vanish: (world: World, id: string, state: Properties) => Promise<unknown>;
    /** Whether its delete changes nothing in AWS. */
    readonly leavesOnDelete?: boolean;
    readonly idPattern: RegExp;
    /** The id that an import takes, if it is another one. */
    readonly importId?: (id: string, state: Properties) => string;
    /** An input whose value is also an output. */
    readonly secretProperty: string;
    /** A property of the real provider that the stand-in refuses. */
    readonly notImplemented?: string;
}

export async function make(world: World, contract: Contract): Promise<Made> {
    const news = await contract.inputs(world);
    const inputs = await world.provider.inputs(contract.type, news);
    return { news, inputs, ...(await world.provider.create(contract.type, inputs)) };
}

export interface Made {
    readonly news: Properties;
    readonly inputs: Properties;
    readonly id: string;
    readonly state: Properties;
}

export const NO_CHANGE = { changes: {}, replaces: [], deleteBeforeReplace: false };
