using Microsoft.Extensions.Options;
using NearCache.Remote;

namespace NearCache.RabbitMq;

/// <summary>Sets RabbitMQ as the carrier of announcements of caches without a container.</summary>
public static class RabbitMqNearCacheOptions
{
    /// <summary>Carries announcements through RabbitMQ.</summary>
    /// <param name="options">The settings of the cache.</param>
    /// <param name="rabbitMq">The settings of RabbitMQ; copied.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="OptionsValidationException">The settings are invalid.</exception>
    public static NearCacheOptions UseRabbitMq(this NearCacheOptions options, RabbitMqOptions rabbitMq)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(rabbitMq);
        if (new RabbitMqOptionsValidator().Validate(null, rabbitMq) is { Failed: true } mistakes)
        {
            throw new OptionsValidationException(nameof(RabbitMqOptions), typeof(RabbitMqOptions), mistakes.Failures);
        }

        options.Brokers.Add(new RabbitMqBroker(rabbitMq.Copy(), RabbitMqConnections.New(TimeProvider.System)));
        return options;
    }
}

/// <summary>Creates the connections that caches with equal settings share.</summary>
internal static class RabbitMqConnections
{
    public static ClientPool<RabbitMqOptions, SharedConnection> New(TimeProvider time) =>
        new(RabbitMqOptions.ShareConnection, options => new SharedConnection(options, time));
}
