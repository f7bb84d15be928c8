# Writes the samples of this folder. Run: Rscript generate.R FOLDER
suppressMessages({library(rpart); library(nnet); library(survival); library(mgcv)})
setwd(commandArgs(TRUE)[1])
small <- mtcars[1:12, 1:4]
fit <- function(data, unused = stop("never")) lm(mpg ~ wt, data)
models <- list(lm = lm(mpg ~ wt, mtcars), rpart = rpart(mpg ~ cyl, small), spline = splinefun(1:3, c(1, 3, 2)), inner = fit(mtcars),
               glm = glm(am ~ wt, binomial, mtcars), ecdf = ecdf(mtcars$mpg))
for (n in names(models)) saveRDS(models[[n]], paste0(n, ".rds"), compress = FALSE)
function_with <- compiler::cmpfun(function(x, y = 2) { for (i in 1:3) x <- x + y; sprintf("%s", x) })
saveRDS(function_with, "compiled.rds", compress = FALSE)
write_as <- function(name, object, ...) { con <- file(name, "wb"); serialize(object, con, ...); close(con) }
values <- list(1:3, 1.5, NA, NULL, c(a = "x\ny", b = NA), TRUE, 2i, as.raw(0:3), quote(f(x, y = 1)), y ~ x + z, factor(c("a", "b")),
               as.Date("2026-01-31"), new.env(), globalenv(), sum, c("caf\u00e9", "\\"), function(x) x^2, expression(a + b), 1:10 + 0L)
write_as("values-native.rds", values, xdr = FALSE)
write_as("values-ascii.rds", values, ascii = TRUE)
write_as("values-v2.rds", values, version = 2)
write_as("values.rds", values)
save(small, fit, file = "saved.rda", compress = FALSE)
save(small, values, file = "saved-ascii.rda", ascii = TRUE, compress = FALSE)
late <- new.env()
delayedAssign("x", system("echo picket-hostile-sample"), assign.env = late)
makeActiveBinding("active", function() system("echo picket-hostile-sample"), late)
write_as("late.rds", late)
