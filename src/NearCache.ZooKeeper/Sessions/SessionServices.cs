using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>What a session is given besides its settings.</summary>
internal sealed record SessionServices(ILogger Logger, IMeterFactory? Meters, TimeProvider Time, Random Random);
