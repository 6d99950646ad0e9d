import { AwsClients } from "../aws/clients";
import { ProviderConfig } from "../aws/config";
import { Schema } from "../bridge/schema";
import { ValueMap } from "../bridge/values";

export interface Context {
    readonly aws: AwsClients;
    readonly config: ProviderConfig;
    /** The operation's `customTimeouts` entry, in milliseconds, when the program gave one. */
    readonly timeoutMilliseconds: number | undefined;
    readonly signal: AbortSignal;
    /** How long IAM may take to show a change everywhere (terraform-provider-aws internal/service/iam/wait.go). */
    readonly propagationMilliseconds: number;
}

export interface Change {
    readonly olds: ValueMap;
    readonly news: ValueMap;
    /** Whether a property, or something inside it, differs. */
    readonly has: (...properties: string[]) => boolean;
}

/** One resource type of the AWS provider: what it looks like and what its operations do. */
export interface ResourceType {
    readonly token: string;
    /** As the real provider's messages name it: "IAM Role". */
    readonly label: string;
    readonly schema: Schema;
    /** `DeleteBeforeReplace` of pulumi-aws provider/resource_overrides.go. */
    readonly deleteBeforeReplace?: boolean;

    /**
     * Makes the resource. `created` is told the id as soon as there is something to clean up: what fails after that
     * is a resource that failed to initialise, as with `d.SetId` of Terraform.
     */
    create(context: Context, inputs: ValueMap, created: (id: string) => void): Promise<void>;

    /**
     * The state of what exists, or undefined. `prior` is the state before (the inputs, right after create); it is
     * undefined for an import, and holds what AWS does not give back.
     */
    read(context: Context, id: string, prior: ValueMap | undefined): Promise<ValueMap | undefined>;

    update(context: Context, id: string, change: Change): Promise<void>;

    /** What is gone already is no error. */
    delete(context: Context, id: string, state: ValueMap): Promise<void>;
}
