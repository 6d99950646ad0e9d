import sdk from "@pulumi/aws/package.json";

/** The stand-in reports the version of the installed SDK, so that provider and SDK match for the engine. */
export const SDK_VERSION: string = sdk.version;
