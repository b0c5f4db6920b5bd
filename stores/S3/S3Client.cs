using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Granary.Stores;

/// <summary>Makes clients of the SDK as this store needs them: no retries, no checksum trailers, bounded connections.</summary>
internal static class S3Client
{
    public static AmazonS3Client Make(S3StoreConfig config, StoreCredentials credentials, Uri endpoint, int connections) =>
        new(new BasicAWSCredentials(credentials.AccessKey, credentials.SecretKey), new AmazonS3Config
        {
            ServiceURL = ChunkStoreConfigParser.ShowEndpoint(endpoint),
            AuthenticationRegion = config.Region,
            ForcePathStyle = config.ForcePathStyle,

            // The retry decorator repeats, after a look that this silo is still a member: the SDK must not.
            MaxErrorRetry = 0,
            ThrottleRetries = false,

            // Trailers of CRC32, the SDK's default, are refused by other servers than AWS.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,

            // Attempts are timed by the store, with one clock.
            Timeout = Timeout.InfiniteTimeSpan,
            HttpClientFactory = new Handlers(connections),
        });

    /// <summary>
    /// A put of a sealed chunk, in one piece with a signed hash of the payload, so that the server refuses bytes that changed
    /// on the way. (The SDK computes that hash itself, also where one is given.) aws-chunked encoding is off: some servers
    /// keep its name as the object's content encoding.
    /// </summary>
    public static PutObjectRequest Put(S3StoreConfig config, string key, ChunkBuffer content)
    {
        var request = new PutObjectRequest
        {
            BucketName = config.Bucket,
            Key = key,
            InputStream = content.OpenRead(),
            AutoCloseStream = false,
            AutoResetStreamPosition = false,
            UseChunkEncoding = false,
            DisablePayloadSigning = false,
            DisableDefaultChecksumValidation = true,
        };
        if (config.StorageClass is { } storageClass)
            request.StorageClass = new S3StorageClass(storageClass);
        if (config.Checksums == S3Checksums.Sha256)
            request.ChecksumSHA256 = Convert.ToBase64String(content.Hash.ToByteArray());
        return request;
    }

    private sealed class Handlers(int connections) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) =>
            new(new OneAttemptHandler(new SocketsHttpHandler
            {
                MaxConnectionsPerServer = connections,
                ConnectTimeout = TimeSpan.FromSeconds(5),
                PooledConnectionLifetime = TimeSpan.FromMinutes(10),
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
                AllowAutoRedirect = false,
                UseCookies = false,
            }))
            { Timeout = Timeout.InfiniteTimeSpan };

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
