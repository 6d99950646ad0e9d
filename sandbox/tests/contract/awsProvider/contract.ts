import type { EC2 } from "@aws-sdk/client-ec2";
import type { EKS } from "@aws-sdk/client-eks";
import type { IAM } from "@aws-sdk/client-iam";
import { Properties, ProviderClient } from "../../../providerClient";

export interface World {
    /** Where the AWS API is. */
    readonly endpoint: string;
    readonly provider: ProviderClient;
    /** The AWS API as somebody else uses it, past the provider. */
    readonly iam: IAM;
    readonly eks: EKS;
    readonly ec2: EC2;
}

/** What a resource type has to keep; the same tests run over each. */
export interface Contract {
    readonly type: string;
    /** Makes what the resource needs, and gives the inputs that a program writes. */
    readonly inputs: (world: World) => Promise<Properties>;
    /** Attributes that only AWS knows: unknown in the preview of a create. */
    readonly outputs: readonly string[];
    /** Inputs that change in place, and what the diff says of each. */
    readonly update?: { readonly inputs: Properties; readonly changes: Record<string, string> };
    readonly replace: {
        readonly inputs: Properties;
        readonly replaces: string[];
        readonly deleteBeforeReplace: boolean;
    };
    /** Somebody else changes the resource; the diff against the program after a refresh. */
    readonly drift?: {
        readonly make: (world: World, id: string) => Promise<unknown>;
        readonly changes: Record<string, string>;
    };
    readonly autoName?: string;
    readonly tags: boolean;
    /** Somebody else deletes it. */
    readonly vanish: (world: World, id: string, state: Properties) => Promise<unknown>;
    readonly idPattern: RegExp;
    /** An input whose value comes back as an output. */
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
