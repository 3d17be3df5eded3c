using NearCache.Cli;

return await NearCacheTool.RunAsync(args, ToolHost.OfThisProcess()).ConfigureAwait(false);
