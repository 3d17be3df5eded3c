using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NearCache.Management.Api;

namespace NearCache.Management.Registration;

/// <summary>Starts and ends the readings of the console with the host.</summary>
/// <param name="services">The services, from which the console is created when the host starts.</param>
internal sealed class ConsoleStart(IServiceProvider services) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) =>
        services.GetRequiredService<ConsoleService>().StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) =>
        services.GetRequiredService<ConsoleService>().StopAsync(cancellationToken);
}

/// <summary>Validates the settings of the console, and reports every mistake at once.</summary>
internal sealed class ConsoleOptionsValidator : IValidateOptions<NearCacheConsoleOptions>
{
    private const int MostDays = 365;
    private const long LeastBytes = 1_000_000;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, NearCacheConsoleOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        foreach (var (setting, policy) in new[]
        {
            (nameof(options.ViewPolicy), options.ViewPolicy), (nameof(options.OperatePolicy), options.OperatePolicy),
            (nameof(options.ValuesPolicy), options.ValuesPolicy),
        })
        {
            if (policy is not null && string.IsNullOrWhiteSpace(policy))
            {
                result.AddError("is empty: name a policy, or leave the setting out", setting);
            }
        }

        if (options.ViewPolicy is null && (options.OperatePolicy ?? options.ValuesPolicy) is not null)
        {
            result.AddError("is not set, although another permission has a policy: name one for viewing", nameof(options.ViewPolicy));
        }

        if (options.DataDays is < 1 or > MostDays)
        {
            result.AddError($"must be from 1 to {MostDays}, but is {options.DataDays}", nameof(options.DataDays));
        }

        if (options.DataBytes < LeastBytes)
        {
            result.AddError($"must be at least {LeastBytes}, but is {options.DataBytes}", nameof(options.DataBytes));
        }

        foreach (var (context, settings) in options.Contexts)
        {
            if (!ConsoleContexts.IsValid(context))
            {
                result.AddError(ConsoleContexts.Refusal(context), nameof(options.Contexts));
            }

            foreach (var mistake in FleetConfiguration.FindMistakes(settings.Caches))
            {
                result.AddError($"{context}: {mistake}", nameof(options.Contexts));
            }
        }

        foreach (var mistake in options.Mistakes)
        {
            result.AddError(mistake);
        }

        return result.Build();
    }
}
