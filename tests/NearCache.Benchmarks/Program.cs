using NearCache.Benchmarks;

return await Suites.RunAsync(args);
