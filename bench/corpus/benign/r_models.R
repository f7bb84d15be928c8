# Models, functions and data of R in every encoding. Run: Rscript r_models.R FOLDER; prints one line for each file: its name.
suppressMessages({library(MASS); library(rpart); library(nnet); library(survival); library(mgcv); library(cluster); library(class); library(nlme)})
out <- commandArgs(TRUE)[1]
set.seed(7)
iris2 <- iris[1:100, ]
iris2$Species <- droplevels(iris2$Species)
wrap <- function(data, weights = NULL, unused = nrow(data)) lm(mpg ~ wt + hp, data = data)
models <- list(
  lm = lm(mpg ~ wt + hp, mtcars), glm = glm(am ~ wt, binomial, mtcars), poisson = glm(carb ~ hp, poisson, mtcars), aov = aov(mpg ~ factor(cyl), mtcars),
  nls = nls(mpg ~ a + b * wt, mtcars, start = list(a = 40, b = -5)), loess = loess(mpg ~ wt, mtcars), lowess = lowess(mtcars$wt, mtcars$mpg),
  smooth = smooth.spline(mtcars$wt, mtcars$mpg), spline = splinefun(1:5, c(1, 3, 2, 5, 4)), approx = approxfun(1:5, c(1, 3, 2, 5, 4)),
  ecdf = ecdf(mtcars$mpg), density = density(mtcars$mpg), kmeans = kmeans(iris[, 1:4], 3), hclust = hclust(dist(iris[1:30, 1:4])),
  prcomp = prcomp(iris[, 1:4]), princomp = princomp(iris[, 1:4]), factanal = factanal(mtcars[, 1:6], 2), arima = arima(lh, order = c(1, 0, 0)),
  holt = HoltWinters(Nile, gamma = FALSE, beta = FALSE), stl = stl(co2, "periodic"), ppr = ppr(mpg ~ wt + hp, data = mtcars, nterms = 1), step = step(lm(mpg ~ ., mtcars[, 1:5]), trace = 0),
  lda = lda(Species ~ ., iris), qda = qda(Species ~ ., iris), rlm = rlm(mpg ~ wt, mtcars), polr = polr(factor(gear) ~ wt, mtcars, Hess = TRUE),
  negbin = suppressWarnings(glm.nb(carb ~ wt, mtcars)), ridge = lm.ridge(mpg ~ wt + hp, mtcars, lambda = 1), rpart = rpart(Species ~ ., iris),
  rpart_reg = rpart(mpg ~ ., mtcars), nnet = nnet(Species ~ ., iris, size = 2, trace = FALSE), multinom = nnet::multinom(Species ~ ., iris, trace = FALSE),
  coxph = coxph(Surv(time, status) ~ age + sex, lung), survfit = survfit(Surv(time, status) ~ sex, lung), survreg = survreg(Surv(time, status) ~ age, lung),
  gam = gam(mpg ~ s(wt), data = mtcars), bam = bam(mpg ~ s(wt, k = 4), data = mtcars), pam = pam(iris[, 1:4], 3), agnes = agnes(iris[1:30, 1:4]),
  lme = lme(distance ~ age, Orthodont), gls = gls(mpg ~ wt, mtcars), wrapped = wrap(mtcars), closure = (function(scale) function(x) x * scale)(2),
  compiled = compiler::cmpfun(function(x, n = 3) { for (i in seq_len(n)) x <- sqrt(x); x }),
  data = iris, factor = iris$Species, series = co2, dates = Sys.Date() - 0:5 * 0, expression = expression(a + b, f(x)), formula = y ~ x + log(z),
  call = quote(glm(y ~ x, family = binomial)), environment = list2env(list(a = 1, f = function() a)), s4 = getClass("numeric"), big = rnorm(2e4),
  sequence = 1:100000, strings = paste("row", 1:2000), mixed = list(NULL, NA, 1i, as.raw(1:9), letters, -1:1, c(a = 1.5), "caf\u00e9"), table = table(iris$Species))
for (package in c("randomForest", "e1071")) if (requireNamespace(package, quietly = TRUE)) {
  models[[package]] <- if (package == "e1071") e1071::svm(Species ~ ., iris) else randomForest::randomForest(Species ~ ., iris, ntree = 5)
  if (package == "e1071") models$bayes <- e1071::naiveBayes(Species ~ ., iris)
}
put <- function(name, write) { write(file.path(out, name)); cat(name, "\n", sep = "") }
stream <- function(object, ...) function(path) { con <- file(path, "wb"); serialize(object, con, ...); close(con) }
compressions <- c("gzip", "bzip2", "xz")
for (i in seq_along(models)) {
  name <- names(models)[i]; object <- models[[i]]; compression <- compressions[i %% 3 + 1]
  put(paste0(name, ".rds"), function(p) saveRDS(object, p, compress = FALSE))
  put(paste0(name, "-", compression, ".rds"), function(p) saveRDS(object, p, compress = compression))
  put(paste0(name, c("-v2", "-ascii", "-native")[i %% 3 + 1], ".rds"), switch(i %% 3 + 1, stream(object, version = 2), stream(object, ascii = TRUE), stream(object, xdr = FALSE)))
  put(paste0(name, ".rda"), function(p) save(object, file = p, compress = compression, compression_level = 6, ascii = i %% 5 == 0, version = 2 + i %% 2))
}
put("workspace.RData", function(p) save(models, wrap, iris2, file = p))
