import type { Service } from "./protocol";

/**
 * The errors that every operation of a service may answer, which botocore's models do not list, with their HTTP status.
 *
 * IAM and STS: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html. On the wire, the codes of this protocol
 * have no "Exception", and throttling is "Throttling" (https://github.com/legion-platform/legion/issues/807).
 * EKS: https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html, and for throttling its models' status, with the
 * code that DescribeCluster was seen to answer (https://github.com/awslabs/amazon-eks-ami/issues/218).
 */
const query = {
    AccessDenied: 403,
    ExpiredToken: 403,
    InternalFailure: 500,
    InvalidAction: 400,
    InvalidClientTokenId: 403,
    MissingAuthenticationToken: 403,
    ServiceUnavailable: 503,
    SignatureDoesNotMatch: 403,
    Throttling: 400,
    ValidationError: 400,
};

const badRequest = (codes: string): Record<string, number> =>
    Object.fromEntries(
        codes
            .trim()
            .split(/\s+/)
            .map((code) => [code, 400]),
    );

/**
 * EC2 models no errors. This is its documented list, as far as resources of a sandbox can cause them: "Common client error codes",
 * "Client error codes for specific actions" and "Server error codes" of
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html. It gives no status but "400-series" and "500-series".
 */
const ec2: Readonly<Record<string, number>> = {
    ...badRequest(`
        Blocked IdempotentParameterMismatch InvalidAction InvalidCharacter InvalidClientTokenId InvalidPaginationToken
        InvalidParameter InvalidParameterCombination InvalidParameterDependency InvalidParameterValue InvalidQueryParameter
        MalformedQueryString MissingAction MissingAuthenticationToken MissingParameter OptInRequired PendingVerification
        RequestExpired UnknownParameter UnsupportedOperation UnsupportedProtocol ValidationError`),
    AuthFailure: 401,
    DryRunOperation: 412,
    UnauthorizedOperation: 403,
    ...badRequest(`
        DependencyViolation IncorrectState InvalidAMIID.NotFound InvalidAllocationID.NotFound InvalidAssociationID.NotFound
        InvalidGroup.Duplicate InvalidGroup.InUse InvalidGroup.NotFound InvalidInstanceID.Malformed InvalidInstanceID.NotFound
        InvalidInternetGatewayID.NotFound InvalidLaunchTemplateId.NotFound InvalidNetworkInterfaceID.NotFound
        InvalidPermission.Duplicate InvalidPermission.Malformed InvalidPermission.NotFound InvalidRoute.NotFound
        InvalidRouteTableID.NotFound InvalidSecurityGroupRuleId.NotFound InvalidSubnet.Conflict InvalidSubnet.Range
        InvalidSubnetID.NotFound InvalidVpc.Range InvalidVpcID.NotFound Resource.AlreadyAssociated RouteAlreadyExists`),
    InternalError: 500,
    InternalFailure: 500,
    RequestLimitExceeded: 503,
    ServiceUnavailable: 503,
    Unavailable: 503,
};

export const commonErrors: Readonly<Record<Service, Readonly<Record<string, number>>>> = {
    iam: query,
    sts: query,
    eks: {
        AccessDeniedException: 403,
        ExpiredTokenException: 403,
        InternalFailure: 500,
        MissingAuthenticationTokenException: 403,
        TooManyRequestsException: 429,
        UnrecognizedClientException: 403,
        // What this sandbox does not offer.
        UnknownOperationException: 404,
    },
    "eks-auth": {
        ExpiredTokenException: 403,
        InternalFailure: 500,
        MissingAuthenticationTokenException: 403,
        UnrecognizedClientException: 403,
        // What this sandbox does not offer.
        UnknownOperationException: 404,
    },
    ec2,
};

/**
 * Errors that a model does not list, and that the operation answers.
 *
 * A permissions boundary that does not exist: inferred from PutRolePermissionsBoundary, which documents NoSuchEntity with the
 * status 404 (https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePermissionsBoundary.html). Copies of outputs of
 * `rosa create account-roles`, without a page of their own to cite, agree: "NoSuchEntity: Scope ARN: … does not exist or is not
 * attachable", status code 404.
 */
export const seenErrors: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    "iam:CreateRole": { NoSuchEntity: 404 },
};

/** What a sandbox answers about parts that it does not offer. */
export const notOffered = { NotImplemented: 501, InvalidAction: 400 };
